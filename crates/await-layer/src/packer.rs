//! User values to frames and back.
//!
//! Packing happens in the task that makes the call and unpacking in the task
//! that awaits the reply, never in the task that drives the I/O: a slow or
//! broken body costs its own caller and nobody else.

/// Names the error of a packer. The work is in [`Pack`] and [`Unpack`].
///
/// A packer is used by reference from many callers at once.
pub trait Packer {
    /// What goes wrong when a value does not pack or a frame does not unpack.
    ///
    /// A protocol that has error replies returns the peer's error here too:
    /// then `send_await` fails with what the peer said.
    type Error;
}

/// Turns a `T` into a frame of type `F`.
///
/// `F` comes first so that a crate may implement a foreign packer for a frame
/// type of its own.
#[diagnostic::on_unimplemented(
    message = "the packer `{Self}` cannot pack `{T}` into a frame of type `{F}`",
    note = "serde packers need `{T}: serde::Serialize`; `Raw` takes the frame itself"
)]
pub trait Pack<F, T: ?Sized>: Packer {
    /// Packs `value`; the frame carries no id yet.
    ///
    /// # Errors
    /// Whatever keeps `value` from becoming a frame. Nothing was sent.
    fn pack(&self, value: &T) -> Result<F, Self::Error>;
}

/// Turns a frame of type `F` into a `T`.
#[diagnostic::on_unimplemented(
    message = "the packer `{Self}` cannot unpack a frame of type `{F}` as `{T}`",
    note = "serde packers need `{T}: serde::de::DeserializeOwned`; `Raw` gives the frame itself"
)]
pub trait Unpack<F, T>: Packer {
    /// Unpacks `frame`, from which the codec has already stripped the id.
    ///
    /// # Errors
    /// A body that is not a `T`, or, where the protocol has them, the error
    /// that the peer replied with.
    fn unpack(&self, frame: F) -> Result<T, Self::Error>;
}

/// A value that the packer `P` can turn into a frame `F`.
///
/// Implemented for every `T` with `P: Pack<F, T>`. It exists so that
/// `send_await::<Reply>(&request)` names one type only.
#[diagnostic::on_unimplemented(
    message = "the packer `{P}` cannot pack `{Self}` into a frame of type `{F}`",
    label = "this value has no `Pack<{F}, {Self}>` on the connection's packer",
    note = "serde packers need `{Self}: serde::Serialize`; the raw packer takes the frame itself"
)]
pub trait PackedBy<F, P: Packer> {
    /// Calls [`Pack::pack`].
    ///
    /// # Errors
    /// As [`Pack::pack`].
    fn pack_by(&self, packer: &P) -> Result<F, P::Error>;
}

impl<F, P, T> PackedBy<F, P> for T
where
    P: Pack<F, T>,
    T: ?Sized,
{
    fn pack_by(&self, packer: &P) -> Result<F, P::Error> {
        packer.pack(self)
    }
}
