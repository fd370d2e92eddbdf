//! What the layer wraps.

use std::error::Error;

use futures_core::Stream;
use futures_sink::Sink;

/// Any `Sink` and `Stream` of the same frames.
///
/// Implemented for everything that fits; there is nothing to write. It asks
/// for neither `Send` nor `Unpin` nor `'static` of the transport: the layer is
/// `Send` when the transport, its frames and the protocol are.
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
