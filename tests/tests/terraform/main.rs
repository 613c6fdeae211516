//! Stacks of Terraform in an environment, with the real program and its built-in provider: planned in the pull request, applied as they were
//! shown; and what goes wrong on the way.

mod bench;
mod beside;
mod buckets;
mod caches;
mod deaths;
mod examples;
mod faults;
mod hidden;
mod kept;
mod keys;
mod locks;
mod looks;
mod outdated;
mod policy;
mod refusals;
mod shelf;
mod states;
mod story;
mod stray;
mod taken;
mod unsaved;
