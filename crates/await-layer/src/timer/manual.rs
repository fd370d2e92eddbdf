//! A clock that a test moves by hand.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Sleep, Timer};

/// A clock that stands still until it is moved.
///
/// Clones share one clock. Moving it wakes the sleeps that became due, in the
/// order of their deadlines, and no others; no lock is held while it does.
#[derive(Clone, Default)]
pub struct ManualTimer {
    shared: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    now: u64,
    last_key: u64,
    // By deadline, then by sleep.
    waiting: BTreeMap<(u64, u64), Waker>,
}

/// A sleep of the [`ManualTimer`].
pub struct ManualSleep {
    timer: ManualTimer,
    key: u64,
    waiting_for: Option<u64>,
}

impl ManualTimer {
    /// A clock that stands at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        let mut state = self.lock();
        let to = state.now.saturating_add(by);
        let due = state.move_to(to);
        drop(state);
        due.into_values().for_each(Waker::wake);
    }

    /// Moves the clock forward to `now`, in nanoseconds since it was made.
    /// An earlier time changes nothing: clocks do not run backwards.
    pub fn set(&self, now: u64) {
        let due = self.lock().move_to(now);
        due.into_values().for_each(Waker::wake);
    }

    /// The earliest deadline that a sleep waits for.
    pub fn next_deadline(&self) -> Option<u64> {
        let state = self.lock();
        state.waiting.first_key_value().map(|(key, _)| key.0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn move_to(&mut self, now: u64) -> BTreeMap<(u64, u64), Waker> {
        self.now = self.now.max(now);
        let later = match self.now.checked_add(1) {
            Some(next) => self.waiting.split_off(&(next, 0)),
            None => BTreeMap::new(),
        };
        std::mem::replace(&mut self.waiting, later)
    }
}

impl Timer for ManualTimer {
    type Sleep = ManualSleep;

    fn now(&self) -> u64 {
        self.lock().now
    }

    fn sleep(&self) -> ManualSleep {
        let mut state = self.lock();
        state.last_key = state.last_key.wrapping_add(1);
        ManualSleep {
            key: state.last_key,
            timer: self.clone(),
            waiting_for: None,
        }
    }
}

impl Sleep for ManualSleep {
    fn poll_until(&mut self, deadline: u64, cx: &mut Context<'_>) -> Poll<()> {
        // Cloned before and dropped after the lock: wakers are foreign code.
        let waker = cx.waker().clone();
        let mut state = self.timer.lock();
        let old = self
            .waiting_for
            .take()
            .and_then(|old| state.waiting.remove(&(old, self.key)));
        let ready = state.now >= deadline;
        if !ready {
            state.waiting.insert((deadline, self.key), waker);
            self.waiting_for = Some(deadline);
        }
        drop(state);
        drop(old);
        if ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for ManualSleep {
    fn drop(&mut self) {
        if let Some(deadline) = self.waiting_for {
            let waker = self.timer.lock().waiting.remove(&(deadline, self.key));
            drop(waker);
        }
    }
}

impl fmt::Debug for ManualTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("ManualTimer")
            .field("now", &state.now)
            .field("waiting", &state.waiting.len())
            .finish()
    }
}

impl fmt::Debug for ManualSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualSleep")
            .field("waiting_for", &self.waiting_for)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timer::check::{self, Woken};

    #[test]
    fn a_manual_clock_keeps_the_sleep_contract() {
        let timer = ManualTimer::new();
        check::contract(&timer, |by| timer.advance(by));
    }

    #[test]
    fn only_the_due_sleeps_are_woken() {
        let timer = ManualTimer::new();
        let (first, second) = (Woken::new(), Woken::new());
        let (mut a, mut b) = (timer.sleep(), timer.sleep());
        assert!(a.poll_until(10, &mut first.context()).is_pending());
        assert!(b.poll_until(11, &mut second.context()).is_pending());
        timer.set(10);
        assert_eq!((first.count(), second.count()), (1, 0));
        assert_eq!(timer.next_deadline(), Some(11));
        timer.set(3);
        assert_eq!(timer.now(), 10);
    }

    #[test]
    fn a_dropped_sleep_leaves_nothing_behind() {
        let timer = ManualTimer::new();
        let woken = Woken::new();
        let mut sleep = timer.sleep();
        assert!(sleep.poll_until(5, &mut woken.context()).is_pending());
        drop(sleep);
        assert_eq!(timer.next_deadline(), None);
        timer.advance(Duration::MAX);
        assert_eq!(woken.count(), 0);
        assert_eq!(timer.now(), u64::MAX);
    }

    #[test]
    fn a_woken_task_may_use_the_clock() {
        struct Reader(ManualTimer, Mutex<Option<u64>>);
        impl std::task::Wake for Reader {
            fn wake(self: Arc<Self>) {
                *self.1.lock().unwrap() = Some(self.0.now());
            }
        }
        let timer = ManualTimer::new();
        let reader = Arc::new(Reader(timer.clone(), Mutex::new(None)));
        let waker = Waker::from(Arc::clone(&reader));
        let mut sleep = timer.sleep();
        let mut cx = Context::from_waker(&waker);
        assert!(sleep.poll_until(7, &mut cx).is_pending());
        timer.set(9);
        assert_eq!(*reader.1.lock().unwrap(), Some(9));
    }
}
