//! Either end of a connection.

use std::io;

use await_layer::{AwaitLayer, Protocol, TokioTimer};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio_util::codec::Framed;

use crate::{Checked, Codec, Config, Framing, Layer};

/// Bytes that are gathered before a frame more waits for the network. What a
/// peer that does not read makes us keep is this and one frame.
const GATHERED: usize = 64 * 1024;

/// Connects over TCP. Nagle's algorithm is off.
///
/// It waits for as long as the network lets it: put a timeout of yours around
/// it, such as `tokio::time::timeout`. Dropping the future drops the
/// connection.
///
/// # Errors
/// The network's. Nothing was sent.
pub async fn connect<C, P>(
    address: impl ToSocketAddrs,
    config: Config<C, P>,
) -> io::Result<Layer<TcpStream, C, P>>
where
    C: Framing + Clone,
    P: Protocol<Frame = Bytes>,
{
    accept(TcpStream::connect(address).await?, config)
}

/// A layer on a TCP connection that a listener accepted. It has the same type
/// as the other end's. Nagle's algorithm is off.
///
/// # Errors
/// The network's: the connection is gone already.
pub fn accept<C, P>(stream: TcpStream, config: Config<C, P>) -> io::Result<Layer<TcpStream, C, P>>
where
    C: Framing + Clone,
    P: Protocol<Frame = Bytes>,
{
    stream.set_nodelay(true)?;
    Ok(layer(stream, config))
}

/// A layer on any stream, either end of it: a Unix socket, TLS, a `Child`,
/// `stdio()`, two halves put together by [`tokio::io::join`].
///
/// The end of what the stream gives to read ends the connection. Closing
/// flushes and shuts down the stream's writing side.
pub fn layer<T, C, P>(io: T, config: Config<C, P>) -> Layer<T, C, P>
where
    T: AsyncRead + AsyncWrite,
    C: Framing + Clone,
    P: Protocol<Frame = Bytes>,
{
    let mut io = Framed::new(io, Codec::new(config.framing.clone()));
    io.set_backpressure_boundary(GATHERED);
    let protocol = Checked::new(config.protocol, config.framing);
    AwaitLayer::with(io, protocol, TokioTimer::new(), config.limits)
}
