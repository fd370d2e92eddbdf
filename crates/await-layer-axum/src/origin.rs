//! One origin, as RFC 6454 has it.

use std::error::Error;
use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// Scheme, host and port: what a browser says a page is from.
///
/// Compared after the rules of RFC 6454: case does not count, the port that a
/// scheme implies need not be written. A trailing dot makes another host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    authority: HostAndPort,
}

/// Lower-case host; the port only where it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct HostAndPort {
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// The origin of pages that come from `authority`, a `Host` header.
    pub(crate) fn of_host(scheme: &str, authority: &str) -> Option<Self> {
        let mut authority = HostAndPort::parse(authority)?;
        authority.port = authority.port.filter(|port| Some(*port) != implied(scheme));
        Some(Self {
            scheme: scheme.to_owned(),
            authority,
        })
    }

    /// Whether the two differ in the scheme alone; the port follows from it.
    pub(crate) fn differs_in_scheme(&self, other: &Self) -> bool {
        self.scheme != other.scheme && self.authority == other.authority
    }
}

/// The serialisation that browsers send, such as `https://example.com` or
/// `http://localhost:8080`. International names stand in it as `xn--…`.
impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = || InvalidOrigin(text.to_owned());
        let (scheme, authority) = text.split_once("://").ok_or_else(invalid)?;
        let scheme = scheme.to_ascii_lowercase();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(allowed)
            // A socket has no origin; the page that opens it has.
            && !matches!(scheme.as_str(), "ws" | "wss");
        if !well_formed {
            return Err(invalid());
        }
        Self::of_host(&scheme, authority).ok_or_else(invalid)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority.host)?;
        match self.authority.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

fn implied(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl HostAndPort {
    /// `None` for anything but host and port: no user, no path, no spaces.
    fn parse(text: &str) -> Option<Self> {
        let (host, rest) = match text.strip_prefix('[') {
            Some(text) => {
                let (address, rest) = text.split_once(']')?;
                let address: Ipv6Addr = address.parse().ok()?;
                (format!("[{address}]"), rest)
            }
            None => {
                let (host, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
                let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
                if host.is_empty() || !host.chars().all(allowed) {
                    return None;
                }
                (host.to_ascii_lowercase(), rest)
            }
        };
        let port = match rest.strip_prefix(':') {
            // Rust's own parser would take a sign.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            Some(_) => return None,
            None if rest.is_empty() => None,
            None => return None,
        };
        Some(Self { host, port })
    }
}

/// This is no origin. Write scheme, host and, if it is not the usual one, port,
/// and nothing after it: `https://example.com`. It is the page's, so the scheme
/// is not `ws`. Write international names in their ASCII form, `xn--…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidOrigin(String);

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no origin of a page: write scheme, host and port alone, in ASCII, \
             as in https://example.com or http://localhost:8080",
            self.0
        )
    }
}

impl Error for InvalidOrigin {}
