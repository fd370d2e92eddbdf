//! A connection, as those who use it see it.

use std::hash::Hash;
use std::sync::Arc;

use crate::hub::Hub;
use crate::machine::Machine;
use crate::{AwaitIdCodec, IdGenerator, Packer, Protocol};

/// One connection: a transport, a protocol and a timer.
///
/// [`Handle`](crate::Handle), [`Call`](crate::Call) and their kin have it as
/// their one parameter. Only [`Link`](crate::Link) implements it. Name it to
/// write code for every connection, as in
/// `fn ask<L: Connection<Packer = Json>>(handle: &Handle<L>)`.
pub trait Connection: Drive {
    /// What the transport carries.
    type Frame;
    /// What the transport fails with.
    type Error;
    /// User values to frames and back.
    type Packer: Packer;
    /// Names a call of ours.
    type Id: Clone + Eq + Hash;
    /// Names a request of the peer's.
    type Ask: Clone + Eq + Hash;
    /// Puts ids on frames and reads them off.
    type Codec: AwaitIdCodec<Self::Frame, Id = Self::Id, Ask = Self::Ask>;
    /// Makes the ids of our calls.
    type Ids: IdGenerator<Id = Self::Id>;
    /// The protocol that names the parts.
    type Protocol: Protocol<Frame = Self::Frame, Packer = Self::Packer, Codec = Self::Codec, Ids = Self::Ids>;
}

/// The machine of a connection.
pub(crate) type MachineOf<L> =
    Machine<<L as Connection>::Frame, <L as Connection>::Id, <L as Connection>::Ask>;

/// What a party needs of its connection. Sealed: nobody can name it.
// Its methods are hidden and take crate-private types: it is public only
// because `Connection` is.
#[allow(private_interfaces, unnameable_types)]
pub trait Drive: Sized {
    #[doc(hidden)]
    fn hub(&self) -> &Arc<Hub>;

    /// Runs `change` under the lock: nothing in it may call the user's code.
    #[doc(hidden)]
    #[allow(private_bounds)]
    fn with<R>(&self, change: impl FnOnce(&mut MachineOf<Self>) -> R) -> R
    where
        Self: Connection;

    #[doc(hidden)]
    fn packer(&self) -> &<Self as Connection>::Packer
    where
        Self: Connection;

    #[doc(hidden)]
    fn now(&self) -> u64;

    /// Nanoseconds a call may take unless it says otherwise.
    #[doc(hidden)]
    fn call_timeout(&self) -> &std::sync::atomic::AtomicU64;

    /// Whether somebody takes the peer's requests.
    #[doc(hidden)]
    fn serves(&self) -> &std::sync::atomic::AtomicBool;

    /// Drives; the hub has given the turn to the caller. At its end `look` is
    /// asked, under the lock, for what the caller waits for.
    #[doc(hidden)]
    #[allow(private_bounds)]
    fn turn<R>(&self, look: impl FnMut(&mut MachineOf<Self>) -> Option<R>) -> Option<R>
    where
        Self: Connection;
}

/// The frame's size, as the connection's codec counts it.
pub(crate) fn size_of_frame<L: Connection>(frame: &L::Frame) -> usize {
    L::Codec::size(frame)
}

/// When something ends that has `timeout` nanoseconds from now; `u64::MAX` is
/// never.
pub(crate) fn ends_at<L: Connection>(link: &L, timeout: u64) -> u64 {
    match timeout {
        u64::MAX => u64::MAX,
        _ => link.now().saturating_add(timeout),
    }
}
