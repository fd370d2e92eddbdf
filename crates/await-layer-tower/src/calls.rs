//! The service.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use await_layer::{Call, CallError, Connection, Handle, PackedBy, Packer, Permit, Reserve, Unpack};
use tower_service::Service;

/// Why a call of the service `Calls<L, _, _>` failed: the core's own error.
pub type CallFault<L> =
    CallError<<L as Connection>::Frame, <<L as Connection>::Packer as Packer>::Error>;

enum Permitted<L: Connection> {
    No,
    Soon(Reserve<L>),
    Yes(Permit<L>),
}

/// The calls of one connection as a [`Service`]: requests of type `Q`, replies
/// of type `R`. Both are named by the service, because nothing else tells
/// `ready()` which of all the requests a connection could take is meant.
///
/// [`poll_ready`](Service::poll_ready) reserves one of the connection's
/// [`max_in_flight`](await_layer::Limits::max_in_flight) permits, in the line
/// in which other calls wait and without overtaking them; the next call uses
/// it and does not wait for one. While it waits it drives the connection if
/// nobody else does, and has no timeout: what it waits for is that calls end.
///
/// A permit that is held and not used is one call less for everybody else:
/// drop a service that is ready, or has waited to be, and will not be called. A
/// clone starts without a permit.
///
/// A call's own timeout is the connection's `call_timeout`. If a middleware's
/// is shorter it drops the [`Call`], which cancels it as dropping any does.
///
/// # Errors
/// `poll_ready` fails once the connection has ended or is being closed, with
/// the reason that everybody gets, and never recovers: make a service of
/// another connection. Calls fail with their own [`CallError`]; its
/// [`sent`](CallError::sent) says whether a retry is safe.
///
/// # Cancel safety
/// `poll_ready` may be given up at any time: its place in the line is kept
/// until the service is called or dropped.
pub struct Calls<L: Connection, Q, R> {
    handle: Handle<L>,
    permitted: Permitted<L>,
    kinds: PhantomData<fn(Q) -> R>,
}

impl<L: Connection, Q, R> Calls<L, Q, R> {
    /// The calls of `handle`'s connection.
    pub fn new(handle: &Handle<L>) -> Self {
        Self {
            handle: handle.clone(),
            permitted: Permitted::No,
            kinds: PhantomData,
        }
    }

    /// The handle, for all that is not a call.
    #[must_use]
    pub fn handle(&self) -> &Handle<L> {
        &self.handle
    }
}

impl<L, Q, R> Service<Q> for Calls<L, Q, R>
where
    L: Connection<Packer: Unpack<L::Frame, R>>,
    Q: PackedBy<L::Frame, L::Packer>,
{
    type Response = R;
    type Error = CallFault<L>;
    type Future = Call<L, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.handle.is_closing() {
            // A permit is worth nothing now; trying for another says why.
            self.permitted = Permitted::No;
        }
        loop {
            match &mut self.permitted {
                Permitted::Yes(_) => return Poll::Ready(Ok(())),
                Permitted::No => self.permitted = Permitted::Soon(self.handle.reserve()),
                Permitted::Soon(reserve) => {
                    let reserved = ready!(Pin::new(reserve).poll(cx));
                    self.permitted = Permitted::No;
                    self.permitted = Permitted::Yes(reserved?);
                }
            }
        }
    }

    /// Without a permit (`poll_ready` was not ready before) it is a call like
    /// any other, which waits for one.
    fn call(&mut self, request: Q) -> Call<L, R> {
        match std::mem::replace(&mut self.permitted, Permitted::No) {
            Permitted::Yes(permit) => permit.send_await(&request),
            Permitted::No | Permitted::Soon(_) => self.handle.send_await(&request),
        }
    }
}

impl<L: Connection, Q, R> Clone for Calls<L, Q, R> {
    fn clone(&self) -> Self {
        Self::new(&self.handle)
    }
}

impl<L: Connection, Q, R> fmt::Debug for Calls<L, Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls")
            .field("ready", &matches!(self.permitted, Permitted::Yes(_)))
            .finish_non_exhaustive()
    }
}
