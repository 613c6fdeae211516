//! Every kind of object as one sample: what a bundle says of it, what somebody changes by hand, what the next version of the
//! bundle says. And the means to play with them: a branch that holds some, hodman's own planner and executor on it, and a
//! person in the workspace.

mod bench;
mod hands;
mod job_shapes;
mod samples;
mod shown;
mod varied;

pub use bench::{Bench, by_key};
pub use samples::{KEY, Sample, UNSAMPLED, samples};
pub use shown::{Leaf, kept_leaves, leaves, placed_leaves, with_needs};
pub use varied::{Dice, declared_in_turns, declared_twice, varied};

use base64::Engine as _;

/// As the workspace's API has contents.
fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}
