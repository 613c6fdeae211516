//! Bearer tokens: OAuth access tokens with an end, personal access tokens with or without one.

use std::collections::BTreeMap;

use super::error::ApiError;

/// Who a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Login of a person, application id of a service principal.
    pub(crate) login: String,
    pub(crate) service_principal: bool,
}

impl Caller {
    /// A login with an `@` is a person, anything else a service principal's application id.
    pub(crate) fn of(login: &str) -> Self {
        Self {
            login: login.to_owned(),
            service_principal: !login.contains('@'),
        }
    }
}

/// One token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) caller: Caller,
    /// Host the token is good for; `None`: the account and all its workspaces.
    pub(crate) host: Option<String>,
    pub(crate) created: i64,
    /// Milliseconds since 1970; `None`: never.
    pub(crate) expires: Option<i64>,
    pub(crate) comment: String,
    /// Whether `token/list` shows it; OAuth tokens are not listed.
    pub(crate) personal: bool,
}

/// All tokens of the account and its workspaces by their value.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    by_value: BTreeMap<String, Token>,
}

impl Tokens {
    /// Issues a token and answers its value.
    pub(crate) fn issue(&mut self, prefix: &str, token: Token) -> String {
        let value = format!("{prefix}{}", hex::encode(rand::random::<[u8; 16]>()));
        self.by_value.insert(value.clone(), token);
        value
    }

    /// Accepts a value that was chosen by the program.
    pub(crate) fn fix(&mut self, value: &str, token: Token) {
        self.by_value.insert(value.to_owned(), token);
    }

    pub(crate) fn personal(&self, host: &str) -> impl Iterator<Item = &Token> {
        self.by_value
            .values()
            .filter(move |token| token.personal && token.host.as_deref() == Some(host))
    }

    /// Whether there was such a token.
    pub(crate) fn revoke(&mut self, host: &str, id: &str) -> bool {
        let before = self.by_value.len();
        self.by_value.retain(|_, token| {
            !(token.personal && token.id == id && token.host.as_deref() == Some(host))
        });
        self.by_value.len() < before
    }

    /// The host is gone, and its tokens with it.
    pub(crate) fn forget_host(&mut self, host: &str) {
        self.by_value
            .retain(|_, token| token.host.as_deref() != Some(host));
    }

    /// Makes every OAuth token expire now: what a client sees after an hour.
    pub(crate) fn expire_oauth(&mut self, now: i64) {
        for token in self
            .by_value
            .values_mut()
            .filter(|token| !token.personal && token.expires.is_some())
        {
            token.expires = Some(now);
        }
    }

    /// Who calls with this `Authorization` header on `host`.
    pub(crate) fn caller(
        &self,
        authorization: Option<&str>,
        host: &str,
        now: i64,
    ) -> Result<Caller, ApiError> {
        let value = authorization
            .and_then(|header| header.strip_prefix("Bearer "))
            .ok_or_else(|| {
                ApiError::unauthenticated(
                    "Credential was not sent or was of an unsupported type for this API.",
                )
            })?;
        let token = self
            .by_value
            .get(value.trim())
            .filter(|token| token.host.as_deref().is_none_or(|wanted| wanted == host))
            .ok_or_else(|| ApiError::new(403, "403", "Invalid access token."))?;
        if token.expires.is_some_and(|expires| expires <= now) {
            return Err(ApiError::unauthenticated("Token is expired"));
        }
        Ok(token.caller.clone())
    }
}
