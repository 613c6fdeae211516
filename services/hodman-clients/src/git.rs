//! Git by libgit2: a bare mirror of one remote, in which commits are made without a work tree
//! and from which they are pushed.
//!
//! Everything here blocks; [`Mirror::run`] takes it off the async workers. HTTPS goes through
//! reqwest (`transport`), so TLS, proxies and time limits are those of all other clients, and a
//! token is never part of a URL. The mirror is a cache: it can be thrown away at any time.
//!
//! Commits, trees and blobs are named by their full hexadecimal ids.

mod checkout;
mod commit;
mod error;
mod fetch;
mod history;
mod merge;
mod mirror;
mod push;
mod read;
mod transport;

pub use checkout::{Checkout, checkout};
pub use commit::{Base, CommitOutcome, CommitRequest, FileChange};
pub use error::GitError;
pub use history::{CommitInfo, PathVersion};
pub use merge::MergeResult;
pub use mirror::{Mirror, MirrorConfig};
pub use push::{Lease, PushOutcome};
pub use read::{Entry, EntryKind};
pub use transport::{CredentialSource, Credentials};
