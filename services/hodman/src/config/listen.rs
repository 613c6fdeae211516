//! Where the daemon listens, and what may be unsafe there.

use std::net::{Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::Deserialize;

/// Port 8080 on loopback: nobody else reaches a daemon that was not told otherwise.
pub(super) fn default() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))
}

/// Exceptions to what is safe. Each is refused unless the daemon listens on loopback.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Insecure {
    /// Take webhooks without a signature. Without this and without a webhook secret the daemon does not start.
    pub unsigned_webhooks: bool,
    /// Act with a user's personal access token, for servers that know no service principals. Without this such a token is
    /// refused: what a user may do is more than hodman needs, and goes when the user does.
    pub user_credentials: bool,
}
