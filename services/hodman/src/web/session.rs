//! What a browser holds once the token was shown to the page: a cookie, and the word that its forms must carry.
//!
//! Both are made from the token and a random number, so nothing has to be remembered here, and a new token ends them.

use super::token::ApiToken;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngCore as _;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The cookie's name.
const COOKIE: &str = "hodman";

/// A browser that has shown the token.
#[derive(Clone, Debug)]
pub struct Session {
    nonce: String,
    csrf: String,
}

impl Session {
    /// A new one.
    #[must_use]
    pub fn begin(token: &ApiToken) -> Self {
        let mut bytes = [0; 16];
        rand::rng().fill_bytes(&mut bytes);
        Self::of(token, hex::encode(bytes))
    }

    /// The one that a `Cookie` header holds, when it is one of ours.
    #[must_use]
    pub fn from_cookies(token: &ApiToken, cookies: &str) -> Option<Self> {
        cookies
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == COOKIE)
            .find_map(|(_, value)| {
                let (nonce, given) = value.split_once('.')?;
                let right: bool = mac(token, "session", nonce)
                    .as_bytes()
                    .ct_eq(given.as_bytes())
                    .into();
                right.then(|| Self::of(token, nonce.to_owned()))
            })
    }

    /// The `Set-Cookie` header. Without `Secure`: loopback is plain HTTP.
    #[must_use]
    pub fn set_cookie(&self, token: &ApiToken) -> String {
        let value = mac(token, "session", &self.nonce);
        format!(
            "{COOKIE}={}.{value}; Path=/; HttpOnly; SameSite=Strict",
            self.nonce
        )
    }

    /// The word for the forms of this session.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Whether a form carries the word of this session.
    #[must_use]
    pub fn sent(&self, csrf: &str) -> bool {
        self.csrf.as_bytes().ct_eq(csrf.as_bytes()).into()
    }

    fn of(token: &ApiToken, nonce: String) -> Self {
        let csrf = mac(token, "form", &nonce);
        Self { nonce, csrf }
    }
}

fn mac(token: &ApiToken, what: &str, nonce: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(token.reveal().as_bytes())
        .expect("HMAC takes keys of every length")
        .chain_update(what)
        .chain_update([0])
        .chain_update(nonce);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_cookie_counts() {
        let token = ApiToken::given("a token");
        let session = Session::begin(&token);
        let cookie = session.set_cookie(&token);
        let pair = cookie.split(';').next().expect("a pair");
        let found =
            Session::from_cookies(&token, &format!("theme=dark; {pair}; x=y")).expect("ours");
        assert!(found.sent(session.csrf()) && !found.sent("") && !found.sent(&session.csrf()[1..]));
        assert!(Session::from_cookies(&ApiToken::given("another"), pair).is_none());
        assert!(Session::from_cookies(&token, "hodman=abc.def").is_none());
        assert!(Session::from_cookies(&token, "").is_none());
        assert!(!cookie.contains("a token"));
    }
}
