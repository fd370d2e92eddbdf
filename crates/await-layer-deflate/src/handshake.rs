//! HTTP, until it is a WebSocket: RFC 6455 section 4.

use bytes::BytesMut;
use futures_io::{AsyncRead, AsyncWrite};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use tungstenite::client::IntoClientRequest;
use tungstenite::error::{Error, ProtocolError, SubProtocolError};
use tungstenite::handshake::client::{self, generate_request};
use tungstenite::handshake::derive_accept_key;
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{self, create_response, write_response};
use tungstenite::http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_PROTOCOL, UPGRADE,
};

use crate::{Config, HandshakeError, Role, WebSocket, extension};

/// Bytes of the other end's HTTP header: as much as most servers take.
const MAX_HEAD: usize = 16 * 1024;
const READ: usize = 4 * 1024;

impl<T: AsyncRead + AsyncWrite + Unpin> WebSocket<T> {
    /// Asks the server at the other end of `io` for a WebSocket, and returns
    /// its response too. Waits for as long as the server lets it; dropping the
    /// future drops the connection.
    ///
    /// # Errors
    /// See [`HandshakeError`].
    pub async fn client<P>(
        mut io: T,
        request: impl IntoClientRequest,
        config: &Config<P>,
    ) -> Result<(Self, client::Response), HandshakeError> {
        config.check()?;
        let request = request.into_client_request();
        let mut request = request.map_err(|error| HandshakeError::Address(error.to_string()))?;
        let protocols = request.headers().get(SEC_WEBSOCKET_PROTOCOL).cloned();
        if let Some(deflate) = &config.deflate {
            let offer = HeaderValue::try_from(extension::offer(deflate));
            let offer = offer.map_err(|_| HandshakeError::Config("deflate cannot be offered"))?;
            let headers = request.headers_mut();
            headers.insert(SEC_WEBSOCKET_EXTENSIONS, offer);
        }
        let (request, key) = generate_request(request)?;
        io.write_all(&request).await?;
        io.flush().await?;
        let (response, rest) = read_head::<client::Response, T>(&mut io).await?;
        verify(&response, &key, protocols.as_ref())?;
        let answers = values(response.headers(), &SEC_WEBSOCKET_EXTENSIONS);
        let agreed = extension::answered(answers, config.deflate.as_ref())
            .map_err(HandshakeError::Extension)?;
        Ok((Self::new(io, Role::Client, agreed, rest, config), response))
    }

    /// Waits for the client at the other end of `io` to ask for a WebSocket,
    /// for as long as it takes its time; dropping the future drops the
    /// connection.
    ///
    /// `check` sees the request and what is to be answered. It may add headers
    /// to that (a subprotocol), or refuse (a wrong path, a stranger's `Origin`)
    /// with a response of its own.
    ///
    /// # Errors
    /// See [`HandshakeError`].
    pub async fn server<P>(
        mut io: T,
        config: &Config<P>,
        check: impl FnOnce(
            &server::Request,
            &mut server::Response,
        ) -> Result<(), Box<server::ErrorResponse>>,
    ) -> Result<Self, HandshakeError> {
        config.check()?;
        let (request, rest) = read_head::<server::Request, T>(&mut io).await?;
        let mut response = create_response(&request)?;
        let offers = values(request.headers(), &SEC_WEBSOCKET_EXTENSIONS);
        let agreed = config
            .deflate
            .and_then(|deflate| extension::answer(offers, &deflate));
        let agreed = match agreed {
            Some((agreed, answer)) => {
                let answer = HeaderValue::try_from(answer);
                let answer =
                    answer.map_err(|_| HandshakeError::Config("deflate cannot be accepted"))?;
                let headers = response.headers_mut();
                headers.insert(SEC_WEBSOCKET_EXTENSIONS, answer);
                Some(agreed)
            }
            None => None,
        };
        let mut head = Vec::new();
        let refused = match check(&request, &mut response) {
            Ok(()) => {
                write_response(&mut head, &response)?;
                None
            }
            Err(refusal) => {
                write_response(&mut head, &refusal)?;
                head.extend(refusal.body().iter().flat_map(|body| body.bytes()));
                Some(refusal.status().as_u16())
            }
        };
        io.write_all(&head).await?;
        io.flush().await?;
        match refused {
            Some(status) => Err(HandshakeError::Refused(status)),
            None => Ok(Self::new(io, Role::Server, agreed, rest, config)),
        }
    }
}

/// A header and what came behind it.
async fn read_head<O, T>(io: &mut T) -> Result<(O, BytesMut), HandshakeError>
where
    O: TryParse,
    T: AsyncRead + Unpin,
{
    let mut head = BytesMut::new();
    loop {
        let start = head.len();
        // Not an array, which would make the future large.
        head.resize(start.saturating_add(READ), 0);
        let count = io.read(head.get_mut(start..).unwrap_or_default()).await?;
        head.truncate(start.saturating_add(count));
        let seen = start.saturating_sub(3);
        let mut new = head.get(seen..).unwrap_or_default().windows(4);
        // Parsed once, however small the pieces it comes in.
        if new.any(|window| window == b"\r\n\r\n") {
            if let Some((length, parsed)) = O::try_parse(&head)? {
                let rest = head.split_off(length.min(head.len()));
                return Ok((parsed, rest));
            }
        }
        if count == 0 {
            return Err(Error::Protocol(ProtocolError::HandshakeIncomplete).into());
        }
        if head.len() > MAX_HEAD {
            return Err(Error::AttackAttempt.into());
        }
    }
}

/// Whether the server did as RFC 6455 section 4.1 asks of it.
fn verify(
    response: &client::Response,
    key: &str,
    protocols: Option<&HeaderValue>,
) -> Result<(), HandshakeError> {
    if response.status() != tungstenite::http::StatusCode::SWITCHING_PROTOCOLS {
        return Err(HandshakeError::Rejected(response.status().as_u16()));
    }
    let headers = response.headers();
    let says = |name, word| {
        let mut words = values(headers, name).flat_map(|value| value.split(','));
        words.any(|other: &str| other.trim().eq_ignore_ascii_case(word))
    };
    let wrong = if !says(&UPGRADE, "websocket") {
        ProtocolError::MissingUpgradeWebSocketHeader
    } else if !says(&CONNECTION, "upgrade") {
        ProtocolError::MissingConnectionUpgradeHeader
    } else if !values(headers, &SEC_WEBSOCKET_ACCEPT).eq([derive_accept_key(key.as_bytes())]) {
        ProtocolError::SecWebSocketAcceptKeyMismatch
    } else {
        let chosen = values(headers, &SEC_WEBSOCKET_PROTOCOL).next();
        let offered = protocols.and_then(|offered| offered.to_str().ok());
        let wrong = match (offered, chosen) {
            (None, None) => return Ok(()),
            (Some(offered), Some(chosen)) if offered.split(',').any(|it| it.trim() == chosen) => {
                return Ok(());
            }
            (Some(_), None) => SubProtocolError::NoSubProtocol,
            (None, Some(_)) => SubProtocolError::ServerSentSubProtocolNoneRequested,
            (Some(_), Some(_)) => SubProtocolError::InvalidSubProtocol,
        };
        ProtocolError::SecWebSocketSubProtocolError(wrong)
    };
    Err(Error::Protocol(wrong).into())
}

/// What the headers of that name say. One that is not ASCII says nothing.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter();
    values.filter_map(|value| value.to_str().ok())
}
