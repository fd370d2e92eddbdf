//! The client's end.

use await_layer::{AwaitLayer, Protocol, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest, uri_mode};
use tokio_tungstenite::tungstenite::handshake::client::Request;

use crate::{Capped, Config, Frame, HandshakeError, Layer, WebSocket, WebSocketStream};

/// Connects to a `ws://` URL, or `wss://` with a TLS feature. A
/// [`Request`](crate::tungstenite::handshake::client::Request) in its place
/// carries headers and subprotocols.
///
/// It waits for as long as the network and the server let it: put a timeout of
/// yours around it, such as `tokio::time::timeout`. Dropping the future drops
/// the connection. Nagle's algorithm is off.
///
/// # Errors
/// See [`HandshakeError`].
pub async fn connect<R, P>(
    request: R,
    config: Config<P>,
) -> Result<Layer<MaybeTlsStream<TcpStream>, P>, HandshakeError>
where
    R: IntoClientRequest + Unpin,
    P: Protocol<Frame = Frame>,
{
    let websocket = Some(config.websocket()?);
    let request = dialable(request)?;
    let (stream, _) =
        tokio_tungstenite::connect_async_with_config(request, websocket, true).await?;
    Ok(layer(stream, config))
}

/// As [`connect`], with certificates and keys of your choice.
///
/// # Errors
/// See [`HandshakeError`].
#[cfg(any(feature = "rustls-tls", feature = "native-tls"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls-tls", feature = "native-tls"))))]
pub async fn connect_tls<R, P>(
    request: R,
    connector: tokio_tungstenite::Connector,
    config: Config<P>,
) -> Result<Layer<MaybeTlsStream<TcpStream>, P>, HandshakeError>
where
    R: IntoClientRequest + Unpin,
    P: Protocol<Frame = Frame>,
{
    let websocket = Some(config.websocket()?);
    let request = dialable(request)?;
    let (stream, _) =
        tokio_tungstenite::connect_async_tls_with_config(request, websocket, true, Some(connector))
            .await?;
    Ok(layer(stream, config))
}

/// As [`connect`], over a stream that is there already: a Unix socket, a
/// proxy's tunnel, a pipe in memory.
///
/// # Errors
/// See [`HandshakeError`].
pub async fn connect_on<T, R, P>(
    stream: T,
    request: R,
    config: Config<P>,
) -> Result<Layer<T, P>, HandshakeError>
where
    T: AsyncRead + AsyncWrite + Unpin,
    R: IntoClientRequest + Unpin,
    P: Protocol<Frame = Frame>,
{
    let websocket = Some(config.websocket()?);
    let request = readable(request)?;
    let (stream, _) =
        tokio_tungstenite::client_async_with_config(request, stream, websocket).await?;
    Ok(layer(stream, config))
}

/// What is wrong with the request is the address's fault, whatever the library
/// calls it.
fn readable(request: impl IntoClientRequest) -> Result<Request, HandshakeError> {
    let request = request.into_client_request();
    request.map_err(HandshakeError::Address)
}

/// The library would dial before it looks at the scheme.
fn dialable(request: impl IntoClientRequest) -> Result<Request, HandshakeError> {
    let request = readable(request)?;
    uri_mode(request.uri())?;
    Ok(request)
}

/// A layer around tungstenite's stream, whose handshake is done. The stream
/// should have been made with [`Config::websocket`], which holds the limits.
pub fn layer<T, P>(stream: WebSocketStream<T>, config: Config<P>) -> Layer<T, P>
where
    T: AsyncRead + AsyncWrite + Unpin,
    P: Protocol<Frame = Frame>,
{
    let limits = config.limits.clone();
    let websocket = *stream.get_config();
    let io = WebSocket::with(stream, websocket, config.keep_alive);
    AwaitLayer::with(io, Capped::new(config), TokioTimer::new(), limits)
}
