//! Who may read and who may act.
//!
//! * Bound to loopback: whoever is on this machine reads. Acting needs the token: as `Authorization: Bearer`, or shown
//!   once to the page, whose forms then carry a word of their own.
//! * Bound to all addresses, as in a container: everybody reads. Acting is as above, for whoever comes from loopback to
//!   loopback: `docker exec`, or a shell on the machine.
//! * Bound to one address that is not loopback: everybody reads, nobody acts.
//!
//! A name that an attacker points at 127.0.0.1 ends at the `Host` header, another site's form at its `Origin`. What a
//! proxy passes on is never taken for this machine, whatever `Host` it writes.

use super::session::Session;
use super::token::ApiToken;
use super::trouble::Trouble;
use axum::http::{HeaderMap, HeaderName, header};
use std::net::IpAddr;

/// Headers that only something between the visitor and us writes.
const PASSED_ON: [HeaderName; 6] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// The rules of one daemon.
#[derive(Clone, Debug)]
pub struct Access(Rules);

#[derive(Clone, Debug)]
enum Rules {
    ReadOnly,
    Loopback {
        token: ApiToken,
        public_host: Option<String>,
    },
    Everywhere {
        token: ApiToken,
    },
}

/// A request as the rules see it.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// On this machine, and nothing in between.
    pub local: bool,
    /// Has shown the token in this browser.
    pub session: Option<Session>,
}

impl Access {
    /// The rules of a loopback bind. `public_url` is where people come from through a proxy on this machine: they read.
    #[must_use]
    pub fn loopback(token: ApiToken, public_url: Option<&str>) -> Self {
        let public_host = public_url
            .and_then(|url| reqwest::Url::parse(url).ok())
            .and_then(|url| url.host_str().map(str::to_ascii_lowercase));
        Self(Rules::Loopback { token, public_host })
    }

    /// The rules of a bind to all addresses.
    #[must_use]
    pub fn everywhere(token: ApiToken) -> Self {
        Self(Rules::Everywhere { token })
    }

    /// The rules of every other bind.
    #[must_use]
    pub fn read_only() -> Self {
        Self(Rules::ReadOnly)
    }

    /// Whether nobody may act here.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        matches!(self.0, Rules::ReadOnly)
    }

    /// Looks at a request's headers, and at whose address it comes from.
    ///
    /// # Errors
    /// When the request was meant for another host.
    pub fn visitor(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Visitor, Trouble> {
        let host = host_name(text(headers, &header::HOST).unwrap_or_default());
        let ours = is_loopback(&host);
        let (token, near) = match &self.0 {
            Rules::ReadOnly => {
                return Ok(Visitor {
                    local: false,
                    session: None,
                });
            }
            Rules::Loopback { token, public_host } => {
                if !ours && public_host.as_deref() != Some(host.as_str()) {
                    return Err(Trouble::ForeignHost);
                }
                (token, true)
            }
            // An address of IPv4 looks like one of IPv6 on a socket of both.
            Rules::Everywhere { token } => (
                token,
                peer.is_some_and(|peer| peer.to_canonical().is_loopback()),
            ),
        };
        let local = near && ours && !PASSED_ON.iter().any(|name| headers.contains_key(name));
        let session = || Session::from_cookies(token, text(headers, &header::COOKIE)?);
        Ok(Visitor {
            local,
            session: if local { session() } else { None },
        })
    }

    /// Lets a program act that sends the token.
    ///
    /// # Errors
    /// When it may not.
    pub fn program(&self, visitor: &Visitor, headers: &HeaderMap) -> Result<(), Trouble> {
        let token = self.token(visitor)?;
        if headers.contains_key(header::ORIGIN) && !is_same_origin(headers) {
            return Err(Trouble::ForeignOrigin);
        }
        let given =
            text(headers, &header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        if given.is_some_and(|given| token.accepts(given)) {
            Ok(())
        } else {
            Err(Trouble::NoToken)
        }
    }

    /// Lets a form act that this page made for this browser.
    ///
    /// # Errors
    /// When it may not.
    pub fn form(&self, visitor: &Visitor, headers: &HeaderMap, csrf: &str) -> Result<(), Trouble> {
        self.token(visitor)?;
        if !is_same_origin(headers) {
            return Err(Trouble::ForeignOrigin);
        }
        let session = visitor.session.as_ref().ok_or(Trouble::Locked)?;
        if session.sent(csrf) {
            Ok(())
        } else {
            Err(Trouble::StaleForm)
        }
    }

    /// Begins a session for a browser that shows the token; the answer is the cookie.
    ///
    /// # Errors
    /// When it is another token, or nobody acts here.
    pub fn enter(&self, visitor: &Visitor, given: &str) -> Result<String, Trouble> {
        let token = self.token(visitor)?;
        if !token.accepts(given.trim()) {
            return Err(Trouble::NoToken);
        }
        Ok(Session::begin(token).set_cookie(token))
    }

    fn token(&self, visitor: &Visitor) -> Result<&ApiToken, Trouble> {
        match &self.0 {
            Rules::Loopback { token, .. } | Rules::Everywhere { token } if visitor.local => {
                Ok(token)
            }
            Rules::Loopback { .. } | Rules::Everywhere { .. } => Err(Trouble::PassedOn),
            Rules::ReadOnly => Err(Trouble::ReadOnly),
        }
    }
}

/// Browsers send `Origin` with every form that is posted; one without it was not posted by a browser.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let site = text(headers, &HeaderName::from_static("sec-fetch-site"));
    let host = text(headers, &header::HOST).unwrap_or_default();
    site.is_none_or(|site| site == "same-origin")
        && text(headers, &header::ORIGIN)
            .and_then(|origin| origin.strip_prefix("http://"))
            .is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

/// The name in a `Host` header, without the port.
fn host_name(host: &str) -> String {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(inside, _)| inside),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.to_ascii_lowercase()
}

fn is_loopback(name: &str) -> bool {
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    value.parse().expect("a value"),
                )
            })
            .collect()
    }

    #[test]
    fn hosts_of_this_machine_and_of_others() {
        let access = Access::loopback(ApiToken::given("t"), Some("https://hodman.example.com/x"));
        let local = |host| {
            access
                .visitor(&headers(&[("host", host)]), None)
                .map(|visitor| visitor.local)
        };
        for host in [
            "localhost",
            "LocalHost:8080",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:8080",
        ] {
            assert!(local(host).expect(host), "{host}");
        }
        assert!(!local("hodman.example.com").expect("the public name reads"));
        for host in [
            "",
            "evil.example",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example",
            "10.0.0.1",
            "[::2]",
        ] {
            assert!(local(host).is_err(), "{host}");
        }
    }

    #[test]
    fn what_a_proxy_passes_on_is_not_local() {
        let access = Access::loopback(ApiToken::given("t"), None);
        for name in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
            let headers = headers(&[
                ("host", "127.0.0.1:8080"),
                (name, "10.1.1.1"),
                ("authorization", "Bearer t"),
            ]);
            let visitor = access.visitor(&headers, None).expect("reads");
            assert!(
                matches!(access.program(&visitor, &headers), Err(Trouble::PassedOn)),
                "{name}"
            );
        }
    }

    #[test]
    fn on_a_bind_to_all_addresses_loopback_acts() {
        let access = Access::everywhere(ApiToken::given("t"));
        let local = |host, peer: &str| {
            access
                .visitor(&headers(&[("host", host)]), peer.parse().ok())
                .expect("everybody reads")
                .local
        };
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(local("127.0.0.1:8080", peer), "{peer}");
            assert!(!local("hodman.example.com", peer), "{peer}");
        }
        for peer in ["10.0.0.1", "::ffff:10.0.0.1", "172.17.0.1", ""] {
            assert!(!local("127.0.0.1:8080", peer), "{peer}");
        }
    }

    #[test]
    fn origins() {
        let same = |pairs: &[(&'static str, &'static str)]| is_same_origin(&headers(pairs));
        assert!(same(&[
            ("host", "localhost:8080"),
            ("origin", "http://localhost:8080")
        ]));
        assert!(!same(&[("host", "localhost:8080")]));
        assert!(!same(&[("host", "localhost:8080"), ("origin", "null")]));
        assert!(!same(&[
            ("host", "localhost:8080"),
            ("origin", "http://localhost:9090")
        ]));
        assert!(!same(&[
            ("host", "localhost:80"),
            ("origin", "http://localhost:80"),
            ("sec-fetch-site", "cross-site")
        ]));
    }
}
