//! The client's end.

use await_layer::{AwaitLayer, Protocol, Timer};
use futures_io::{AsyncRead, AsyncWrite};
use tungstenite::client::IntoClientRequest;

use crate::{Capped, Config, Frame, HandshakeError, Layer, WebSocket};

/// Connects to a `ws://` URL over tokio's TCP. A
/// [`Request`](crate::tungstenite::handshake::client::Request) in its place
/// carries headers and subprotocols.
///
/// It waits for as long as the network and the server let it: put a timeout of
/// yours around it, such as `tokio::time::timeout`. Dropping the future drops
/// the connection. Nagle's algorithm is off.
///
/// # Errors
/// See [`HandshakeError`].
#[cfg(feature = "tokio")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
pub async fn connect<P>(
    request: impl IntoClientRequest,
    config: Config<P>,
) -> Result<Layer<crate::Tcp, P, await_layer::TokioTimer>, HandshakeError>
where
    P: Protocol<Frame = Frame>,
{
    let (websocket, _) = WebSocket::connect(request, &config).await?;
    Ok(layer(websocket, config, await_layer::TokioTimer::new()))
}

#[cfg(feature = "tokio")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
impl WebSocket<crate::Tcp> {
    /// As [`connect()`](crate::connect()), without a layer around it: for
    /// [`layer`], or another use. Returns the server's response too.
    ///
    /// # Errors
    /// See [`HandshakeError`].
    pub async fn connect<P>(
        request: impl IntoClientRequest,
        config: &Config<P>,
    ) -> Result<(Self, tungstenite::handshake::client::Response), HandshakeError> {
        use tokio::net::TcpStream;
        use tokio_util::compat::TokioAsyncReadCompatExt;

        config.check()?;
        let request = request.into_client_request();
        let request = request.map_err(|error| HandshakeError::Address(error.to_string()))?;
        let (host, port) =
            address(request.uri()).map_err(|why| HandshakeError::Address(why.into()))?;
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Self::client(stream.compat(), request, config).await
    }
}

/// Where a URL leads.
#[cfg(feature = "tokio")]
fn address(url: &tungstenite::http::Uri) -> Result<(&str, u16), &'static str> {
    match url.scheme_str() {
        Some("ws") => {}
        Some("wss") => return Err("TLS is not done here: make the stream and use connect_on"),
        _ => return Err("it does not begin with ws://"),
    }
    let host = url.host().ok_or("it names no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host, url.port_u16().unwrap_or(80)))
}

/// As `connect`, over a stream that is there already: TLS, a Unix socket,
/// another runtime's TCP, a pipe in memory. `timer` is that runtime's.
///
/// Streams of tokio's fit with `tokio_util::compat::TokioAsyncReadCompatExt`.
///
/// # Errors
/// See [`HandshakeError`].
pub async fn connect_on<T, P, M>(
    stream: T,
    request: impl IntoClientRequest,
    config: Config<P>,
    timer: M,
) -> Result<Layer<T, P, M>, HandshakeError>
where
    T: AsyncRead + AsyncWrite + Unpin,
    P: Protocol<Frame = Frame>,
    M: Timer + Clone,
{
    let (websocket, _) = WebSocket::client(stream, request, &config).await?;
    Ok(layer(websocket, config, timer))
}

/// A layer around a WebSocket that nobody has used yet. `timer` is for its calls
/// and for [`keep_alive`](Config::keep_alive).
pub fn layer<T, P, M>(websocket: WebSocket<T>, config: Config<P>, timer: M) -> Layer<T, P, M>
where
    T: AsyncRead + AsyncWrite + Unpin,
    P: Protocol<Frame = Frame>,
    M: Timer + Clone,
{
    let limits = config.limits.clone();
    let websocket = websocket.kept_alive(config.keep_alive, timer.clone());
    let protocol = Capped::new(config, &websocket);
    AwaitLayer::with(websocket, protocol, timer, limits)
}
