//! The server's end.

use await_layer::{Protocol, Timer};
use futures_io::{AsyncRead, AsyncWrite};

use crate::connect::layer;
use crate::{Config, Frame, HandshakeError, Layer, WebSocket};

/// Makes a WebSocket of a TCP connection that a listener accepted, whatever
/// path and `Origin` the client names. The layer has the same type as a
/// client's.
///
/// It waits for as long as the client lets it: put a timeout of yours around
/// it, such as `tokio::time::timeout`, or a client that says nothing holds a
/// task for ever. Dropping the future drops the connection. Nagle's algorithm
/// is off.
///
/// # Errors
/// See [`HandshakeError`].
#[cfg(feature = "tokio")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
pub async fn accept<P>(
    stream: tokio::net::TcpStream,
    config: Config<P>,
) -> Result<Layer<crate::Tcp, P, await_layer::TokioTimer>, HandshakeError>
where
    P: Protocol<Frame = Frame>,
{
    use tokio_util::compat::TokioAsyncReadCompatExt;

    stream.set_nodelay(true)?;
    let timer = await_layer::TokioTimer::new();
    accept_on(stream.compat(), config, timer).await
}

/// As `accept`, on any stream: the server's end of TLS, say. `timer` is that
/// of the stream's runtime.
///
/// To look at the client's request first, call [`WebSocket::server`] and give
/// what it returns to [`layer`].
///
/// # Errors
/// See [`HandshakeError`].
pub async fn accept_on<T, P, M>(
    stream: T,
    config: Config<P>,
    timer: M,
) -> Result<Layer<T, P, M>, HandshakeError>
where
    T: AsyncRead + AsyncWrite + Unpin,
    P: Protocol<Frame = Frame>,
    M: Timer + Clone,
{
    let websocket = WebSocket::server(stream, &config, |_, _| Ok(())).await?;
    Ok(layer(websocket, config, timer))
}
