pub use super::redaction::{REDACTED, looks_secret, redact};
