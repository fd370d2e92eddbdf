//! A permit that is taken before the call is made.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::asking::{Asking, CallErrorOf};
use crate::call::Call;
use crate::connection::{Connection, MachineOf};
use crate::error::CallError;
use crate::hub::{Kind, Work};
use crate::machine::arena::{Key, NONE};
use crate::packer::{PackedBy, Unpack};
use crate::party::{polled_after_the_end, wait};
use crate::replies::Replies;

enum State {
    /// Not polled yet.
    New,
    Waiting(Key),
    Done,
}

/// One of the [`max_in_flight`](crate::Limits::max_in_flight) permits, for a
/// call that is made later.
///
/// Made by [`Handle::reserve`](crate::Handle::reserve). It lines up at its
/// first poll, in the line in which calls wait: neither overtakes the other.
/// While it waits it drives the connection if nobody else does. It has no
/// timeout: what it waits for is that calls end, and theirs bound that; only
/// permits that somebody holds and does not use can hold it up for longer.
///
/// # Errors
/// [`CallError::Closed`] once the connection has ended and
/// [`CallError::Refused`] once it is being closed, both without a frame.
///
/// # Cancel safety
/// Dropping it gives its place up, or the permit that it has got.
///
/// # Panics
/// When it is polled after it has finished.
#[must_use = "futures do nothing unless they are polled"]
pub struct Reserve<L: Connection> {
    link: Arc<L>,
    state: State,
}

impl<L: Connection> Reserve<L> {
    pub(crate) fn new(link: &Arc<L>) -> Self {
        Self {
            link: link.clone(),
            state: State::New,
        }
    }

    fn leave(&mut self) {
        if let State::Waiting(key) = std::mem::replace(&mut self.state, State::Done) {
            let due = unreserve(&*self.link, key.index);
            // Behind the machine: it may wake, and that may panic.
            self.link.hub().leave(key);
            if due {
                self.link.hub().notify();
            }
        }
    }
}

impl<L: Connection> Unpin for Reserve<L> {}

impl<L: Connection> Future for Reserve<L> {
    type Output = Result<Permit<L>, CallErrorOf<L>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let link = &*this.link;
        let (key, found) = match this.state {
            State::Waiting(key) => (key, None),
            State::Done => polled_after_the_end(),
            State::New => {
                this.state = State::Done;
                let reserved = link.with(|machine| {
                    let key = machine.reserve()?;
                    Ok((key, machine.reserved(key)))
                });
                match reserved {
                    Ok(reserved) => reserved,
                    Err(error) => return Poll::Ready(Err(CallError::begin(error, None))),
                }
            }
        };
        this.state = State::Waiting(key);
        let found = match found {
            Some(found) => found,
            None => {
                let look = |machine: &mut MachineOf<L>| machine.reserved(key);
                ready!(wait(link, key, Kind::Call, cx, Work::None, look))
            }
        };
        if let Err(error) = found {
            this.leave();
            return Poll::Ready(Err(CallError::begin(error, None)));
        }
        this.state = State::Done;
        Poll::Ready(Ok(Permit {
            link: this.link.clone(),
            slot: key.index,
        }))
    }
}

impl<L: Connection> Drop for Reserve<L> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<L: Connection> fmt::Debug for Reserve<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").finish_non_exhaustive()
    }
}

/// The right to one call that need not wait for others to end.
///
/// Made by [`Handle::reserve`](crate::Handle::reserve). While it is held there
/// is one call less that others may make; dropping it gives it to the next in
/// the line. It does not outlast the connection: a call on one that is closing
/// fails as any other does.
#[must_use = "a permit that is dropped is given back"]
pub struct Permit<L: Connection> {
    link: Arc<L>,
    /// Its slot; [`NONE`] once a call has it.
    slot: u32,
}

impl<L: Connection> Permit<L> {
    /// As [`Handle::send_await`](crate::Handle::send_await), in the queue from
    /// its first poll on, without a wait for a permit. The call has the permit
    /// now, and gives it back when it ends or is dropped, polled or not.
    pub fn send_await<R>(
        self,
        request: &(impl PackedBy<L::Frame, L::Packer> + ?Sized),
    ) -> Call<L, R>
    where
        L::Packer: Unpack<L::Frame, R>,
    {
        Call::with(self.ask(request))
    }

    /// As [`Handle::send_stream`](crate::Handle::send_stream), likewise.
    pub fn send_stream<R>(
        self,
        request: &(impl PackedBy<L::Frame, L::Packer> + ?Sized),
    ) -> Replies<L, R>
    where
        L::Packer: Unpack<L::Frame, R>,
    {
        Replies::with(self.ask(request))
    }

    fn ask(mut self, request: &(impl PackedBy<L::Frame, L::Packer> + ?Sized)) -> Asking<L> {
        let packed = request.pack_by(self.link.packer());
        let mut asking = Asking::new(&self.link, packed);
        if asking.set_permit(self.slot) {
            self.slot = NONE;
        }
        asking
    }
}

impl<L: Connection> Drop for Permit<L> {
    fn drop(&mut self) {
        if self.slot != NONE {
            give_back(&*self.link, self.slot);
        }
    }
}

impl<L: Connection> fmt::Debug for Permit<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

/// Gives a reservation up; whoever has its permit now is told in the next turn.
pub(crate) fn give_back<L: Connection>(link: &L, slot: u32) {
    if unreserve(link, slot) {
        link.hub().notify();
    }
}

/// Whether a turn has something to do because of it.
fn unreserve<L: Connection>(link: &L, slot: u32) -> bool {
    link.with(|machine| {
        machine.unreserve(slot);
        machine.is_due()
    })
}
