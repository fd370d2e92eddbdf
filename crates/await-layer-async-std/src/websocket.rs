//! WebSocket over any stream of bytes, with async-tungstenite: text and binary
//! messages with the JSON of ws-await, or a protocol of yours.
//!
//! `smol::websocket` and `async_std::websocket` connect and accept over TCP.

use async_tungstenite::tungstenite::client::IntoClientRequest;
use async_tungstenite::{accept_async_with_config, client_async_with_config};
use await_layer::{AsyncIoTimer, AwaitLayer, Protocol, WsAwait};
use futures_io::{AsyncRead, AsyncWrite};

pub use async_tungstenite::{self, WebSocketStream, tungstenite};
pub use await_layer::KeepAlive;
pub use await_layer_websocket::{
    Binary, Capped, CappedCodec, Config, Frame, Goodbye, HandshakeError, InvalidClose,
    WebSocketError, close,
};

/// The transport: a WebSocket over a stream `T`.
pub type WebSocket<T> = await_layer_websocket::WebSocket<WebSocketStream<T>, AsyncIoTimer>;
/// A connection over a stream `T`, speaking `P`.
pub type Layer<T, P = WsAwait<Frame>> = AwaitLayer<WebSocket<T>, Capped<P>, AsyncIoTimer>;
/// Names the kind of connection, as in `await_layer::Handle<Link<..>>`.
pub type Link<T, P = WsAwait<Frame>> = await_layer::Link<WebSocket<T>, Capped<P>, AsyncIoTimer>;

/// The client's end, over a stream that is there already: TLS, a Unix socket,
/// a pipe in memory.
///
/// It waits for as long as the server lets it: put a timeout of yours around
/// it. Dropping the future drops the stream.
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
    let request = request.into_client_request();
    let request = request.map_err(HandshakeError::Address)?;
    let (stream, _) = client_async_with_config(request, stream, websocket).await?;
    Ok(layer(stream, config))
}

/// The server's end, over a stream that is there already.
///
/// It waits for as long as the client lets it: put a timeout of yours around
/// it. Dropping the future drops the stream.
///
/// To look at the client's headers first, call
/// `async_tungstenite::accept_hdr_async_with_config` with
/// [`Config::websocket`] and give what it returns to [`layer`].
///
/// # Errors
/// See [`HandshakeError`].
pub async fn accept_on<T, P>(stream: T, config: Config<P>) -> Result<Layer<T, P>, HandshakeError>
where
    T: AsyncRead + AsyncWrite + Unpin,
    P: Protocol<Frame = Frame>,
{
    let websocket = Some(config.websocket()?);
    let stream = accept_async_with_config(stream, websocket).await?;
    Ok(layer(stream, config))
}

/// A layer around async-tungstenite's stream, whose handshake is done. The
/// stream should have been made with [`Config::websocket`], which holds the
/// limits.
pub fn layer<T, P>(stream: WebSocketStream<T>, config: Config<P>) -> Layer<T, P>
where
    T: AsyncRead + AsyncWrite + Unpin,
    P: Protocol<Frame = Frame>,
{
    let limits = config.limits.clone();
    let websocket = *stream.get_config();
    let io = WebSocket::with(stream, websocket, config.keep_alive);
    AwaitLayer::with(io, Capped::new(config), AsyncIoTimer::new(), limits)
}
