//! The fake GitHub as its users meet it: real git, REST, webhooks, Apps, pages.

mod apps;
mod faults;
mod pages;
mod rules;
mod story;
mod support;
mod webhooks;
