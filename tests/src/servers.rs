//! Servers that the tests use: those that we did not write, which `./test` starts, and the sandbox, started in the test.

mod other;
mod python;
mod relay;
mod town;

pub use other::{aws_endpoint, node_package, postgres_url, workspaces};
pub use python::{AWS_REGION, Outcome, aws_account, aws_hand, python};
pub use relay::{Relay, Sent, forward};
pub use town::{APP_ID, Town, WORKSPACE_TOKEN, free_port, private_key};
