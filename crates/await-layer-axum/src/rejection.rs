//! Requests that get no socket.

use std::error::Error;
use std::fmt;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::ForbiddenOrigin;

/// Why a request got no socket. Its handler never ran; as a response it has the
/// status that stands at each variant, and says why in plain text.
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejection {
    /// 403: a page of an origin that may not connect. See its variants for what
    /// to do if it may.
    Origin(ForbiddenOrigin),
    /// 400: the client offers subprotocols and none of these, which are spoken
    /// here. Offer one of them.
    Subprotocol(Vec<String>),
    /// 503: the server is going away. Try another one, or later.
    GoingAway,
    /// Axum's own status: the request does not ask for a WebSocket as it
    /// should. Connect with `ws://` or `wss://`.
    NoWebSocket(WebSocketUpgradeRejection),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin(error) => error.fmt(f),
            Self::Subprotocol(spoken) => {
                let spoken = spoken.join(", ");
                write!(
                    f,
                    "none of the subprotocols offered is spoken here: {spoken}"
                )
            }
            Self::GoingAway => f.write_str("the server is going away: try another one, or later"),
            Self::NoWebSocket(error) => error.fmt(f),
        }
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Origin(error) => Some(error),
            Self::NoWebSocket(error) => Some(error),
            Self::Subprotocol(_) | Self::GoingAway => None,
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Origin(_) => StatusCode::FORBIDDEN,
            Self::Subprotocol(_) => StatusCode::BAD_REQUEST,
            Self::GoingAway => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoWebSocket(rejection) => return rejection.into_response(),
        };
        // The text quotes the request: nobody may take it for a page.
        let nosniff = [(header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
        (status, nosniff, self.to_string()).into_response()
    }
}
