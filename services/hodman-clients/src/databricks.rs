//! Databricks over its REST API: one [`Workspace`] per workspace host, one [`Account`] per account console.
//!
//! Both are thin: a generic [`Request`] goes in, JSON or a typed [`ApiError`] comes out. What they add is what every
//! caller would otherwise get wrong: one shared OAuth token per principal, retries that never repeat a create which may
//! have happened, an adaptive limit per API family, and one meaning for the many ways the API says "no such thing".
//!
//! Tokens, secrets, request bodies and answers are never logged and never shown by `Debug`.

mod account;
mod answer;
mod call;
mod clusters;
mod connections;
mod error;
mod files;
mod foundation;
mod id_token;
mod jobs;
mod limiter;
mod paging;
mod request;
mod retry;
mod timing;
mod token;
mod transport;
mod workspace;

pub use account::{Account, AccountConfig};
pub use clusters::Clusters;
pub use connections::Connections;
pub use error::{ApiError, ErrorKind};
pub use files::{
    DESIGNER, Entry, EntryKind, Files, ImportFormat, Language, NotebookFormat, notebook_path,
};
pub use foundation::{Elsewhere, FoundationConfig};
pub use id_token::IdTokenSource;
pub use jobs::{Job, Jobs, Run, RunOutcome};
pub use limiter::{FamilyStats, Limits, Stats};
pub use paging::Pages;
pub use request::{Deleted, Request, Retry};
pub use retry::RetryPolicy;
pub use timing::Timing;
pub use token::Auth;
pub use transport::BadHost;
pub use workspace::{Me, Workspace, WorkspaceConfig};
