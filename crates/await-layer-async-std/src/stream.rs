//! A layer on a stream of bytes.

use asynchronous_codec::Framed;
use await_layer::{AsyncIoTimer, AwaitLayer, Protocol};
use bytes::Bytes;
use futures_io::{AsyncRead, AsyncWrite};

use crate::{Checked, Codec, Config, Framing, Layer};

/// Bytes that are gathered before a frame more waits for the network. What a
/// peer that does not read makes us keep is this and one frame.
const GATHERED: usize = 64 * 1024;

/// A layer on any stream, either end of it: a Unix socket, TLS, a `Child`.
/// Switch Nagle's algorithm off on a TCP stream of your own first.
///
/// The end of what the stream gives to read ends the connection. Closing
/// flushes and closes the stream's writing side.
pub fn layer<T, C, P>(io: T, config: Config<C, P>) -> Layer<T, C, P>
where
    T: AsyncRead + AsyncWrite + Unpin,
    C: Framing + Clone,
    P: Protocol<Frame = Bytes>,
{
    let mut io = Framed::new(io, Codec::new(config.framing.clone()));
    io.set_send_high_water_mark(GATHERED);
    let protocol = Checked::new(config.protocol, config.framing);
    AwaitLayer::with(io, protocol, AsyncIoTimer::new(), config.limits)
}
