//! How a connection is made.

use std::fmt;

use await_layer::{Connection, Handle, Timer};

/// Makes one connection after the other.
///
/// [`Dial`] makes one of a closure. Implement it on a type of your own to have
/// a name for it, in a struct that holds a `Reconnect`.
pub trait Connect {
    /// What kind of connection.
    type Link: Connection;
    /// Why an attempt failed. `Box<dyn Error + Send + Sync>` will do.
    type Error: fmt::Debug + fmt::Display;
    /// An attempt. Dropped when it takes too long.
    type Dialing: Future<Output = Result<Handle<Self::Link>, Self::Error>>;
    /// The clock of the waits.
    type Timer: Timer;

    /// Begins an attempt. What is to be done with every new connection (a
    /// login, subscriptions, taking its `Incoming`, spawning its driver) belongs
    /// into the attempt: it is done before anybody else has the connection, and
    /// if it fails, so has the attempt.
    fn dial(&self) -> Self::Dialing;

    /// The clock.
    fn timer(&self) -> &Self::Timer;
}

/// What the connections of `C` carry.
pub(crate) type CallFrame<C> = <<C as Connect>::Link as Connection>::Frame;
/// What packs it.
pub(crate) type CallPacker<C> = <<C as Connect>::Link as Connection>::Packer;

/// Connects by calling `F`, and waits by `T`.
pub struct Dial<F, T> {
    dial: F,
    timer: T,
}

impl<F, T> Dial<F, T> {
    /// `dial` makes an attempt each time it is called.
    pub const fn new(dial: F, timer: T) -> Self {
        Self { dial, timer }
    }
}

impl<F, D, L, E, T> Connect for Dial<F, T>
where
    F: Fn() -> D,
    D: Future<Output = Result<Handle<L>, E>>,
    L: Connection,
    E: fmt::Debug + fmt::Display,
    T: Timer,
{
    type Link = L;
    type Error = E;
    type Dialing = D;
    type Timer = T;

    fn dial(&self) -> D {
        (self.dial)()
    }

    fn timer(&self) -> &T {
        &self.timer
    }
}

impl<F, T> fmt::Debug for Dial<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial").finish_non_exhaustive()
    }
}
