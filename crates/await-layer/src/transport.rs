//! What the layer wraps.

use std::error::Error;

use futures_core::Stream;
use futures_sink::Sink;

/// Any `Sink` and `Stream` of the same frames.
///
/// Implemented for everything that fits; there is nothing to write. It asks
/// for neither `Send` nor `Unpin` nor `'static` of the transport: the layer is
/// `Send` when the transport, its frames and the protocol are.
///
/// Where the two frames differ, map one side. tokio-util's
/// `LengthDelimitedCodec` takes `Bytes` and yields `BytesMut`:
///
/// ```
/// use await_layer::Transport;
/// use bytes::{Bytes, BytesMut};
/// use futures::stream::{MapOk, TryStreamExt};
/// use tokio::net::TcpStream;
/// use tokio_util::codec::{Framed, LengthDelimitedCodec};
///
/// // With a name, so that a struct can hold a handle on it.
/// type Wire = MapOk<Framed<TcpStream, LengthDelimitedCodec>, fn(BytesMut) -> Bytes>;
///
/// fn wire(stream: TcpStream) -> Wire {
///     Framed::new(stream, LengthDelimitedCodec::new()).map_ok(BytesMut::freeze as fn(_) -> _)
/// }
/// # fn fits(wire: Wire) -> impl Transport<Bytes> { wire }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no transport for frames of type `{F}`",
    note = "it must be a `Sink<{F}>` and a `Stream` of `Result<{F}, _>`, both with `'static` errors",
    note = "where the frames of the two sides differ, map one: see the docs of `Transport`"
)]
pub trait Transport<F>:
    Sink<F, Error: Error + 'static> + Stream<Item = Result<F, <Self as Transport<F>>::ReadError>>
{
    /// What its stream fails with.
    type ReadError: Error + 'static;
}

impl<F, S, E> Transport<F> for S
where
    S: Sink<F, Error: Error + 'static> + Stream<Item = Result<F, E>>,
    E: Error + 'static,
{
    type ReadError = E;
}
