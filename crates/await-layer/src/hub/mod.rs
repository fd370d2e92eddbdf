//! Who waits, and who moves the bytes: see [`election`] for the rules.
//!
//! The hub holds neither frames nor the transport, so that it is `Send + Sync`
//! where they are not, and no cycle can form through it. Every waker is woken
//! after its lock is released.

mod bell;
mod election;

use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::machine::arena::Key;
use crate::sync::{Mutex, lock};

pub(crate) use bell::{Alarm, Bell};
use election::State;
pub(crate) use election::{Kind, Step};

/// The waiting parties of one connection.
pub(crate) struct Hub {
    state: Mutex<State>,
}

impl Hub {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new()),
        })
    }

    /// A new party. It does not wait before its first poll.
    pub(crate) fn join(&self, kind: Kind) -> Key {
        lock(&self.state).join(kind)
    }

    /// `party` is polled; with `work` if it has just made some.
    pub(crate) fn poll(&self, party: Key, waker: &Waker, work: bool) -> Step {
        let (step, wake, old) = {
            let mut state = lock(&self.state);
            let old = state.line_up(party, waker);
            let (step, wake) = state.poll(party, work);
            (step, wake, old)
        };
        drop(old);
        if let Some(waker) = wake {
            waker.wake();
        }
        if step == Step::Yield {
            waker.wake_by_ref();
        }
        step
    }

    /// The turn of the runner is over. `ticking` if tick and watchdog are
    /// armed, `again` if there is more to do. Wakers are added to `wake`, to be
    /// woken when no lock is held.
    pub(crate) fn end_turn(&self, ticking: bool, again: bool, wake: &mut Vec<Waker>) {
        lock(&self.state).end_turn(ticking, again, wake);
    }

    /// Something has come for these parties. Their wakers are added to `wake`,
    /// to be woken when no lock is held.
    pub(crate) fn settle(&self, parties: &mut Vec<Key>, wake: &mut Vec<Waker>) {
        let mut state = lock(&self.state);
        for party in parties.drain(..) {
            wake.extend(state.settle(party));
        }
        wake.extend(state.wake_if_due());
    }

    /// Something has come for the polled streams.
    pub(crate) fn settle_streams(&self, wake: &mut Vec<Waker>) {
        lock(&self.state).settle_streams(wake);
    }

    /// Whether a tick is wanted: more than one party waits.
    pub(crate) fn is_shared(&self) -> bool {
        lock(&self.state).is_shared()
    }

    /// `party` has returned something and does not wait for now.
    pub(crate) fn rest(&self, party: Key) {
        self.change(|state| state.rest(party));
    }

    /// `party` is done or dropped.
    pub(crate) fn leave(&self, party: Key) {
        let (gone, wake) = lock(&self.state).leave(party);
        if let Some(waker) = wake {
            waker.wake();
        }
        drop(gone);
    }

    /// There is work, made by someone who does not wait for it, or the
    /// transport is ready.
    pub(crate) fn notify(&self) {
        self.change(State::notify);
    }

    /// The connection has ended: everybody looks at once, now and in future.
    pub(crate) fn stop(&self, wake: &mut Vec<Waker>) {
        lock(&self.state).stop(wake);
    }

    fn tick(&self) {
        self.change(State::tick);
    }

    fn watch(&self) {
        let mut wake = Vec::new();
        lock(&self.state).watch(&mut wake);
        for waker in wake {
            waker.wake();
        }
    }

    /// Wakes whom the change says, when the lock is released.
    fn change(&self, change: impl FnOnce(&mut State) -> Option<Waker>) {
        let wake = change(&mut lock(&self.state));
        if let Some(waker) = wake {
            waker.wake();
        }
    }
}

/// The waker that the transport sees.
impl Wake for Hub {
    fn wake(self: Arc<Self>) {
        self.notify();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notify();
    }
}
