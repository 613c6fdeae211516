//! Stories for `decide`.
