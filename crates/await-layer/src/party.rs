//! A waiting future's place in the hub.

use std::task::{Context, Poll};

use crate::connection::{Connection, MachineOf};
use crate::hub::{Kind, Step, Work};
use crate::machine::arena::Key;

/// Waits as `party`, and drives if that falls to it. `look` is asked whether
/// something has come: when the hub says so, and after a turn. It runs under
/// the machine's lock.
pub(crate) fn wait<L: Connection, R>(
    link: &L,
    party: Key,
    kind: Kind,
    cx: &mut Context<'_>,
    work: Work,
    mut look: impl FnMut(&mut MachineOf<L>) -> Option<R>,
) -> Poll<R> {
    // Settled without a result is rare: a stream whose item another party took,
    // a sink that still has no room, a batch whose first calls have ended
    // before the last had begun. The hub has not heard of the work then.
    loop {
        match link.hub().poll(party, kind, cx.waker(), work) {
            Step::Wait | Step::Yield => return Poll::Pending,
            Step::Turn => return link.turn(look).map_or(Poll::Pending, Poll::Ready),
            Step::Settled => {
                if let Some(found) = link.with(&mut look) {
                    return Poll::Ready(found);
                }
            }
            Step::Over => return link.with(look).map_or(Poll::Pending, Poll::Ready),
        }
    }
}

/// A future was polled after it was ready.
#[cold]
#[expect(
    clippy::panic,
    reason = "a bug of whoever polls; no peer's bytes lead here"
)]
pub(crate) fn polled_after_the_end() -> ! {
    panic!("polled after it was done")
}

/// A future that waits for something else than a call or a send of its own. It
/// takes a seat at its first poll and must [`leave`](Self::leave) when it is
/// done or dropped.
#[derive(Debug)]
pub(crate) struct Party {
    seat: Key,
    kind: Kind,
}

impl Party {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self {
            seat: Key::NULL,
            kind,
        }
    }

    /// The key under which the machine says that something has come.
    pub(crate) fn seat<L: Connection>(&mut self, link: &L) -> Key {
        if self.seat == Key::NULL {
            self.seat = link.with(|machine| machine.seat());
        }
        self.seat
    }

    /// As [`wait`], in this party's seat.
    pub(crate) fn poll<L: Connection, R>(
        &mut self,
        link: &L,
        cx: &mut Context<'_>,
        work: Work,
        look: impl FnMut(&mut MachineOf<L>) -> Option<R>,
    ) -> Poll<R> {
        let seat = self.seat(link);
        wait(link, seat, self.kind, cx, work, look)
    }

    /// Something was returned, and the party may be polled again later.
    pub(crate) fn rest<L: Connection>(&self, link: &L) {
        if self.seat != Key::NULL {
            link.hub().leave(self.seat);
        }
    }

    pub(crate) fn leave<L: Connection>(&mut self, link: &L) {
        let seat = std::mem::replace(&mut self.seat, Key::NULL);
        if seat != Key::NULL {
            link.with(|machine| machine.vacate(seat));
            // Last: it may wake, and that may panic.
            link.hub().leave(seat);
        }
    }
}
