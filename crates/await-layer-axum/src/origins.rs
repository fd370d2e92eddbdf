//! Which web pages may connect.

use std::error::Error;
use std::fmt;

use axum::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::request::Parts;

use crate::{InvalidOrigin, Origin};

/// Which web pages may open a socket.
///
/// A browser lets any page open a socket to any server, sends the server's own
/// cookies along, and leaves it to the server to look at the `Origin` header.
/// A server that does not look gives every site on the web the rights of the
/// people who visit it. So this is checked before there is a socket, and by
/// default only pages of the server's own origin pass.
///
/// A request without an `Origin` passes: it comes from a program and not from a
/// browser, and programs can write what they like there. This is no login.
///
/// The origin `null` (sandboxed frames, files) does not pass; neither do two
/// headers, lists, and whatever is no origin.
///
/// ```
/// # use await_layer_axum::{InvalidOrigin, Origins};
/// # fn main() -> Result<(), InvalidOrigin> {
/// // Pages of this server, which is reached over https, and of one other.
/// let origins = Origins::same_https().and("https://app.example.com")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// The scheme of the server's own pages, if those pass.
    own: Option<&'static str>,
    listed: Vec<Origin>,
    null: bool,
    any: bool,
}

impl Origins {
    /// Pages of this server, reached over http: scheme, host and port are those
    /// of the `Host` header. The default.
    ///
    /// A name of somebody else's that is made to point at this server (DNS
    /// rebinding) is the server's own as far as this can tell. A server that
    /// relies on not being reachable, on `localhost` say, wants
    /// [`listed`](Self::listed) instead.
    #[must_use]
    pub fn same_http() -> Self {
        Self {
            own: Some("http"),
            ..Self::listed()
        }
    }

    /// As [`same_http`](Self::same_http) for a server that browsers reach over
    /// https, whether it ends TLS itself or a proxy before it does. A proxy
    /// must pass the `Host` header on.
    #[must_use]
    pub fn same_https() -> Self {
        Self {
            own: Some("https"),
            ..Self::listed()
        }
    }

    /// No page but those that are [added](Self::and), whatever the `Host`
    /// header says.
    #[must_use]
    pub fn listed() -> Self {
        Self {
            own: None,
            listed: Vec::new(),
            null: false,
            any: false,
        }
    }

    /// Pages of this origin, too: `https://app.example.com`. There are no
    /// patterns: each origin is named.
    ///
    /// # Errors
    /// What is no origin.
    pub fn and(mut self, origin: &str) -> Result<Self, InvalidOrigin> {
        self.listed.push(origin.parse()?);
        Ok(self)
    }

    /// Pages without an origin, too. Any site can make one, with a sandboxed
    /// frame: as dangerous as [`dangerously_any`](Self::dangerously_any).
    #[must_use]
    pub fn dangerously_and_null(mut self) -> Self {
        self.null = true;
        self
    }

    /// Every page of every site. Right only where nothing depends on who asks:
    /// no cookies, no client certificates, no network that is private.
    #[must_use]
    pub fn dangerously_any() -> Self {
        Self {
            any: true,
            ..Self::listed()
        }
    }

    /// Looks at a request's headers.
    ///
    /// # Errors
    /// Why it must not have a socket.
    pub fn check(&self, request: &Parts) -> Result<(), ForbiddenOrigin> {
        let origin = match only(&request.headers, ORIGIN) {
            _ if self.any => return Ok(()),
            Ok(None) => return Ok(()),
            Ok(Some("null")) if self.null => return Ok(()),
            Ok(Some("null")) => return Err(ForbiddenOrigin::Null),
            Ok(Some(origin)) => origin,
            Err(Unclear) => return Err(ForbiddenOrigin::Malformed),
        };
        let Ok(origin) = origin.parse::<Origin>() else {
            return Err(ForbiddenOrigin::Malformed);
        };
        if self.listed.contains(&origin) {
            return Ok(());
        }
        let Some(scheme) = self.own else {
            return Err(ForbiddenOrigin::NotListed(origin));
        };
        match own_origin(scheme, request) {
            None => Err(ForbiddenOrigin::NoHost),
            Some(own) if own == origin => Ok(()),
            Some(own) => Err(ForbiddenOrigin::Other { origin, own }),
        }
    }
}

impl Default for Origins {
    fn default() -> Self {
        Self::same_http()
    }
}

/// The origin of this server's pages: what the request calls it.
fn own_origin(scheme: &str, request: &Parts) -> Option<Origin> {
    let host = match only(&request.headers, HOST) {
        Ok(Some(host)) => Some(Origin::of_host(scheme, host)?),
        Ok(None) => None,
        Err(Unclear) => return None,
    };
    // HTTP/2, where it stands for the header.
    let target = match request.uri.authority() {
        Some(authority) => Some(Origin::of_host(scheme, authority.as_str())?),
        None => None,
    };
    match (host, target) {
        (Some(host), Some(target)) if host != target => None,
        (host, target) => host.or(target),
    }
}

/// More than one header, or one that is no ASCII text.
struct Unclear;

fn only(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, Unclear> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Unclear),
        (Some(_), Some(_)) => Err(Unclear),
    }
}

/// Why a page may not connect; it got status 403 and its handler never ran.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForbiddenOrigin {
    /// A page of another site, or of another scheme or port of this one. If it
    /// may connect, [add](Origins::and) it.
    Other {
        /// What the page is from.
        origin: Origin,
        /// What this server's own pages are from.
        own: Origin,
    },
    /// It is not on the list. If it may connect, [add](Origins::and) it.
    NotListed(Origin),
    /// The page has no origin: a file or a sandboxed frame. Serve it over http.
    Null,
    /// More than one origin, or none that a browser would send. See whether a
    /// proxy has changed it.
    Malformed,
    /// The request does not say what this server is called, or says it twice.
    /// If a proxy took the `Host` header away, [list](Origins::listed) what may
    /// connect.
    NoHost,
}

impl fmt::Display for ForbiddenOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other { origin, own } => {
                write!(f, "pages of {origin} may not connect, pages of {own} may")?;
                if origin.differs_in_scheme(own) {
                    f.write_str(
                        "; the server was told that it is reached so: see Origins::same_https",
                    )?;
                }
                Ok(())
            }
            Self::NotListed(origin) => write!(f, "pages of {origin} may not connect"),
            Self::Null => f.write_str("pages without an origin may not connect"),
            Self::Malformed => f.write_str("the Origin header is not one origin"),
            Self::NoHost => f.write_str("the Host header does not name one host"),
        }
    }
}

impl Error for ForbiddenOrigin {}
