//! Where a URL leads.

use async_tungstenite::tungstenite::client::uri_mode;
use async_tungstenite::tungstenite::error::UrlError;
use async_tungstenite::tungstenite::handshake::client::Request;
use async_tungstenite::tungstenite::stream::Mode;

use crate::websocket::{HandshakeError, tungstenite};

/// Where a request without TLS is to be sent.
pub(crate) fn address_of(request: &Request) -> Result<(String, u16), HandshakeError> {
    let refused = |error| HandshakeError::Address(tungstenite::Error::Url(error));
    let uri = request.uri();
    if matches!(uri_mode(uri)?, Mode::Tls) {
        return Err(refused(UrlError::TlsFeatureNotEnabled));
    }
    let host = uri.host().ok_or_else(|| refused(UrlError::NoHostName))?;
    // Brackets are an address's in a URL only.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), uri.port_u16().unwrap_or(80)))
}
