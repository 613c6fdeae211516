//! As whom we speak: a fixed token, or an app whose installation tokens are made as needed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::time::Instant;

/// The account behind a client.
#[derive(Debug, Clone)]
pub enum Auth {
    /// A personal (classic or fine-grained) or Actions token.
    Token(SecretString),
    /// A GitHub App.
    App {
        /// The app's id.
        app_id: u64,
        /// The app's private key, PEM (PKCS#1 as GitHub gives it, or PKCS#8).
        private_key_pem: SecretString,
        /// The installation to act for; `None`: the only one that the app has.
        installation_id: Option<u64>,
    },
}

/// A token is renewed this long before it ends, so that a push that starts now also finishes.
const RENEW_BEFORE: chrono::Duration = chrono::Duration::minutes(5);
/// GitHub's replicas learn of a new token within seconds; for this long a 401 or 404 is doubted.
const MINT_GRACE: Duration = Duration::from_secs(30);

/// An installation token and what is known about it.
#[derive(Debug, Clone)]
pub(super) struct InstallationToken {
    pub(super) secret: SecretString,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) minted_at: Instant,
    /// A request with it has succeeded, so a 404 now means what it says.
    pub(super) proved: bool,
}

impl InstallationToken {
    pub(super) fn lasts(&self, now: DateTime<Utc>) -> bool {
        self.expires_at - now > RENEW_BEFORE
    }

    /// Whether a refusal may be due to a replica that does not know the token yet.
    pub(super) fn may_be_unknown_yet(&self) -> bool {
        !self.proved && self.minted_at.elapsed() < MINT_GRACE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_early_and_doubted_only_while_new() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut token = InstallationToken {
            secret: "s".into(),
            expires_at: now + chrono::Duration::minutes(6),
            minted_at: Instant::now(),
            proved: false,
        };
        assert!(token.lasts(now));
        assert!(!token.lasts(now + chrono::Duration::minutes(1)));

        assert!(token.may_be_unknown_yet());
        token.proved = true;
        assert!(!token.may_be_unknown_yet());
        token.proved = false;
        tokio::time::advance(MINT_GRACE).await;
        assert!(!token.may_be_unknown_yet());
    }

    #[test]
    fn secrets_do_not_show() {
        let auth = Auth::App {
            app_id: 7,
            private_key_pem: "hodman-canary-5ecret-DO-NOT-LEAK".into(),
            installation_id: None,
        };
        assert!(!format!("{auth:?}").contains("canary"));
    }
}
