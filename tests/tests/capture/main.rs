//! Capture, told as stories: what people make by hand in dev, and what becomes of it.

mod anew;
mod branches;
mod designer;
mod folders;
mod generated;
mod identity;
mod kinds;
mod leaves;
mod libraries;
mod moved;
mod notebooks;
mod restoring;
mod seldom;
mod serving;
mod stage;
mod terraform;
mod unreadable;
