//! The part that calls with one reply and with several have in common.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::connection::{Connection, MachineOf};
use crate::error::CallError;
use crate::hub::Kind;
use crate::machine::arena::Key;
use crate::machine::{NewCall, nanos};
use crate::packer::Packer;
use crate::party::Party;

/// A packer's error.
pub(crate) type PackerErrorOf<L> = <<L as Connection>::Packer as Packer>::Error;
/// Why a call on this connection has no reply.
pub(crate) type CallErrorOf<L> = CallError<<L as Connection>::Frame, PackerErrorOf<L>>;

enum State<L: Connection> {
    /// Not polled yet.
    New {
        frame: L::Frame,
        chosen: Option<Box<L::Id>>,
    },
    Failed(PackerErrorOf<L>),
    Pending(Key),
    Done,
}

/// A call on its way from packed to settled. Dropping it cancels.
pub(crate) struct Asking<L: Connection> {
    pub(crate) link: Arc<L>,
    state: State<L>,
    /// When it runs out and how long it has, in nanoseconds; `u64::MAX` is
    /// for ever.
    at: u64,
    timeout: u64,
    pub(crate) party: Party,
}

impl<L: Connection> Asking<L> {
    pub(crate) fn new(link: &Arc<L>, packed: Result<L::Frame, PackerErrorOf<L>>) -> Self {
        let mut asking = Self {
            link: link.clone(),
            state: match packed {
                Ok(frame) => State::New {
                    frame,
                    chosen: None,
                },
                Err(error) => State::Failed(error),
            },
            at: u64::MAX,
            timeout: u64::MAX,
            party: Party::new(Kind::Call),
        };
        asking.set_nanos(link.call_timeout().load(Ordering::Relaxed));
        asking
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.set_nanos(nanos(timeout).unwrap_or(u64::MAX));
    }

    fn set_nanos(&mut self, timeout: u64) {
        self.timeout = timeout;
        self.at = match timeout {
            u64::MAX => u64::MAX,
            _ => self.link.now().saturating_add(timeout),
        };
    }

    pub(crate) fn set_id(&mut self, id: L::Id) {
        if let State::New { chosen, .. } = &mut self.state {
            *chosen = Some(Box::new(id));
        }
    }

    /// Begins the call at its first poll and drives it; `look` takes what has
    /// come for it.
    pub(crate) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        streams: bool,
        mut look: impl FnMut(&mut MachineOf<L>, Key) -> Option<R>,
    ) -> Poll<Result<R, CallErrorOf<L>>> {
        let mut work = false;
        let call = match &self.state {
            State::Pending(call) => *call,
            State::Done => panic!("polled after it was done"),
            State::New { .. } | State::Failed(_) => match self.begin(streams) {
                Ok(call) => {
                    work = true;
                    call
                }
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        self.party
            .poll(&*self.link, cx, work, |link| {
                link.with(|machine| look(machine, call))
            })
            .map(Ok)
    }

    /// What has already come, without driving.
    pub(crate) fn glance<R>(
        &self,
        look: impl FnOnce(&mut MachineOf<L>, Key) -> Option<R>,
    ) -> Option<R> {
        match self.state {
            State::Pending(call) => self.link.with(|machine| look(machine, call)),
            _ => None,
        }
    }

    fn begin(&mut self, streams: bool) -> Result<Key, CallErrorOf<L>> {
        let (frame, chosen) = match std::mem::replace(&mut self.state, State::Done) {
            State::New { frame, chosen } => (frame, chosen),
            State::Failed(error) => return Err(CallError::Pack(error)),
            State::Pending(_) | State::Done => unreachable!("begun once"),
        };
        let new = NewCall {
            frame,
            chosen: chosen.map(|id| *id),
            deadline: (self.at != u64::MAX).then_some((self.at, self.timeout)),
            streams,
            party: self.party.join(&*self.link),
        };
        match self.link.with(|machine| machine.begin(new)) {
            Ok(call) => {
                self.state = State::Pending(call);
                Ok(call)
            }
            Err((error, new)) => {
                self.party.leave(&*self.link);
                Err(CallError::begin(error, new.frame))
            }
        }
    }

    /// The outcome was taken: nothing is left to cancel.
    pub(crate) fn finish(&mut self) {
        self.state = State::Done;
        self.party.leave(&*self.link);
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

impl<L: Connection> Drop for Asking<L> {
    fn drop(&mut self) {
        let State::Pending(call) = self.state else {
            return;
        };
        // The entry and the outcome hold the user's values: they are dropped
        // after the lock is released.
        let (dropped, due) = self.link.with(|machine| {
            let dropped = machine.cancel(call);
            (dropped, machine.has_outgoing() || machine.is_draining())
        });
        drop(dropped);
        self.party.leave(&*self.link);
        if due {
            self.link.hub().notify();
        }
    }
}
