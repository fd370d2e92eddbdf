//! The server's end.

use await_layer::Protocol;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, accept_async_with_config};

use crate::connect::layer;
use crate::{Config, Frame, HandshakeError, Layer};

/// Makes a WebSocket of a TCP connection that a listener accepted. The layer
/// has the same type as a client's.
///
/// It waits for as long as the client lets it: put a timeout of yours around
/// it, such as `tokio::time::timeout`, or a client that says nothing holds a
/// task for ever. Dropping the future drops the connection. Nagle's algorithm
/// is off.
///
/// # Errors
/// See [`HandshakeError`].
pub async fn accept<P>(
    stream: TcpStream,
    config: Config<P>,
) -> Result<Layer<MaybeTlsStream<TcpStream>, P>, HandshakeError>
where
    P: Protocol<Frame = Frame>,
{
    stream.set_nodelay(true)?;
    accept_on(MaybeTlsStream::Plain(stream), config).await
}

/// As [`accept`], on any stream: the server's end of TLS, say.
///
/// To look at the client's headers first, call
/// `tokio_tungstenite::accept_hdr_async_with_config` with
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
