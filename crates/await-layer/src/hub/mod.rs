//! Who waits, and who moves the bytes: see [`election`] for the rules.
//!
//! The hub holds neither frames nor the transport, so that it is `Send + Sync`
//! where they are not, and no cycle can form through it. Every waker is woken
//! after its lock is released.

mod bell;
mod election;
mod parties;
#[cfg(all(test, not(await_layer_loom)))]
mod tests;
mod wakers;

use std::panic::resume_unwind;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::machine::arena::Key;
use crate::sync::{Mutex, lock};

pub(crate) use bell::Bell;
use election::State;
pub(crate) use parties::{Kind, Step, Work};
pub(crate) use wakers::Wakers;

/// The waiting parties of one connection.
pub(crate) struct Hub {
    state: Mutex<State>,
}

/// What a turn has brought.
pub(crate) struct News<P> {
    /// For whom something has come.
    pub(crate) parties: P,
    /// Something has come for the polled streams.
    pub(crate) streams: bool,
    /// The connection has ended: everybody looks at once, now and in future.
    pub(crate) over: bool,
}

/// How a turn ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TurnEnd {
    /// The runner has what it waited for.
    pub(crate) done: bool,
    /// Tick and watchdog are armed.
    pub(crate) ticking: bool,
    /// There is more to do at once.
    pub(crate) again: bool,
}

impl Hub {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new()),
        })
    }

    /// `party` is polled.
    pub(crate) fn poll(&self, party: Key, kind: Kind, waker: &Waker, work: Work) -> Step {
        // A waker is the user's code: it is cloned and dropped outside the lock.
        let mut fresh = (work != Work::None).then(|| waker.clone());
        let (step, wake) = loop {
            let mut state = lock(&self.state);
            if state.is_stopped() {
                break (Step::Over, None);
            }
            if state.unsettle(party) {
                break (Step::Settled, None);
            }
            if state.line_up(party, kind, waker, &mut fresh) {
                break state.poll(party, work);
            }
            drop(state);
            fresh = Some(waker.clone());
        };
        drop(fresh);
        if let Some(waker) = wake {
            waker.wake();
        }
        if step == Step::Yield {
            waker.wake_by_ref();
        }
        step
    }

    /// What a turn has brought. `end` is told whether a tick is wanted, because
    /// more than one party waits, and may end the turn.
    pub(crate) fn tell(
        &self,
        news: News<impl Iterator<Item = Key>>,
        wake: &mut Wakers,
        end: impl FnOnce(bool) -> Option<TurnEnd>,
    ) {
        let mut state = lock(&self.state);
        if news.streams {
            state.settle_streams(wake);
        }
        if news.over {
            state.stop(wake);
        }
        for party in news.parties {
            state.settle(party, wake);
        }
        if let Some(end) = end(state.is_shared()) {
            state.end_turn(end, wake);
        }
    }

    /// `party` does not wait for now: it has returned something, is done or
    /// dropped.
    pub(crate) fn leave(&self, party: Key) {
        let (wake, gone) = lock(&self.state).leave(party);
        if let Some(waker) = wake {
            waker.wake();
        }
        drop(gone);
    }

    /// There is work, made by someone who does not wait for it, or the
    /// transport is ready.
    pub(crate) fn notify(&self) {
        let wake = lock(&self.state).notify();
        if let Some(waker) = wake {
            waker.wake();
        }
    }

    /// The last one who could use it has gone.
    pub(crate) fn stop(&self, wake: &mut Wakers) {
        lock(&self.state).stop(wake);
    }

    fn ring(&self) {
        let mut wake = Wakers::default();
        lock(&self.state).ring(&mut wake);
        let mut panic = None;
        wake.wake(&mut panic);
        if let Some(panic) = panic {
            resume_unwind(panic);
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
