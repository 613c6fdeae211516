//! What an environment stands on in an AWS account, as data: policies and the templates of stacks.

pub mod policies;
pub mod templates;
