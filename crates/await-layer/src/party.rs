//! A waiting future's place in the hub.

use std::task::{Context, Poll};

use crate::connection::Connection;
use crate::hub::{Hub, Kind, Step};
use crate::machine::arena::Key;

/// One waiting future. It joins at its first poll and must
/// [`leave`](Self::leave) when it is done or dropped.
#[derive(Debug)]
pub(crate) struct Party {
    key: Key,
    kind: Kind,
}

impl Party {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self {
            key: Key::NULL,
            kind,
        }
    }

    /// The key under which the machine says that something has come.
    pub(crate) fn join<L: Connection>(&mut self, link: &L) -> Key {
        if self.key == Key::NULL {
            self.key = link.hub().join(self.kind);
        }
        self.key
    }

    /// Waits, and drives if that falls to this party. `work` says that it has
    /// just queued something. `look` is asked whether something has come; it
    /// has when the hub says so, and possibly after a turn.
    pub(crate) fn poll<L: Connection, R>(
        &mut self,
        link: &L,
        cx: &mut Context<'_>,
        mut work: bool,
        mut look: impl FnMut(&L) -> Option<R>,
    ) -> Poll<R> {
        let key = self.join(link);
        // Settled without a result happens once at most: a stream whose item
        // another party took.
        for _ in 0..2 {
            match link.hub().poll(key, cx.waker(), work) {
                Step::Wait | Step::Yield => return Poll::Pending,
                Step::Turn => {
                    link.turn();
                    return look(link).map_or(Poll::Pending, Poll::Ready);
                }
                Step::Settled => {
                    if let Some(found) = look(link) {
                        return Poll::Ready(found);
                    }
                }
            }
            work = false;
        }
        Poll::Pending
    }

    /// Something was returned, and the party may be polled again later.
    pub(crate) fn rest<L: Connection>(&self, link: &L) {
        if self.key != Key::NULL {
            link.hub().rest(self.key);
        }
    }

    pub(crate) fn leave<L: Connection>(&mut self, link: &L) {
        self.leave_hub(link.hub());
    }

    pub(crate) fn leave_hub(&mut self, hub: &Hub) {
        if self.key != Key::NULL {
            hub.leave(self.key);
            self.key = Key::NULL;
        }
    }
}
