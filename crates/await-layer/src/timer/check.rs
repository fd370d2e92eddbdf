//! One check that every timer here passes, and the waker that it counts on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use super::{Sleep, Timer};

/// Counts how often it is woken.
pub(super) struct Woken {
    counter: Arc<Counter>,
    waker: Waker,
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Woken {
    pub(super) fn new() -> Self {
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        Self { counter, waker }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }

    pub(super) fn count(&self) -> usize {
        self.counter.0.load(Ordering::SeqCst)
    }
}

/// Lets time pass on a real clock: blocks until a sleep of its own is woken,
/// so that the check depends on order and never on speed.
#[cfg(any(feature = "async-io", feature = "default-timer"))]
pub(super) fn real<T: Timer>(timer: &T) -> impl Fn(Duration) + '_ {
    use std::sync::{Condvar, Mutex};

    #[derive(Default)]
    struct Bell(Mutex<bool>, Condvar);
    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() = true;
            self.1.notify_all();
        }
    }
    |by| {
        let deadline = timer.now() + u64::try_from(by.as_nanos()).unwrap();
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let mut sleep = timer.sleep();
        while sleep
            .poll_until(deadline, &mut Context::from_waker(&waker))
            .is_pending()
        {
            let rung = bell.0.lock().unwrap();
            *bell.1.wait_while(rung, |rung| !*rung).unwrap() = false;
        }
    }
}

/// What [`Sleep`] promises, on any clock. `pass` lets at least the given time
/// go by and wakes what became due.
pub(super) fn contract<T: Timer>(timer: &T, pass: impl Fn(Duration)) {
    const MS: u64 = 1_000_000;
    const HOUR: u64 = 3600 * 1000 * MS;
    let step = Duration::from_millis(20);
    let (old, new) = (Woken::new(), Woken::new());
    let mut sleep = timer.sleep();

    // Reached already: ready at once, as often as it is asked.
    assert!(sleep.poll_until(timer.now(), &mut old.context()).is_ready());
    assert!(sleep.poll_until(0, &mut old.context()).is_ready());

    // The far end of time neither panics nor arrives.
    assert!(sleep.poll_until(u64::MAX, &mut old.context()).is_pending());
    assert!(sleep.poll_until(u64::MAX, &mut old.context()).is_pending());

    // Moved earlier, and the waker replaced: the new one is woken, in time.
    let soon = timer.now() + 5 * MS;
    if sleep.poll_until(soon, &mut new.context()).is_pending() {
        pass(step);
        assert_eq!(new.count(), 1);
    }
    assert!(timer.now() >= soon);
    assert!(sleep.poll_until(soon, &mut new.context()).is_ready());

    // Ready is not remembered: armed again, it waits again.
    let far = timer.now() + HOUR;
    assert!(sleep.poll_until(far, &mut new.context()).is_pending());

    // Moved later: the time it was set for first goes by without it.
    let (mut moved, early) = (timer.sleep(), Woken::new());
    let first = timer.now() + 5 * MS;
    let _ = moved.poll_until(first, &mut early.context());
    assert!(moved.poll_until(far, &mut new.context()).is_pending());
    pass(step);
    assert!(moved.poll_until(far, &mut new.context()).is_pending());
    assert!(new.count() <= 1);

    // A waker that was replaced stays quiet.
    assert_eq!(old.count(), 0);

    // After moving later it still moves earlier.
    let again = timer.now() + 5 * MS;
    let quick = Woken::new();
    if moved.poll_until(again, &mut quick.context()).is_pending() {
        pass(step);
        assert_eq!(quick.count(), 1);
    }
    assert!(moved.poll_until(again, &mut quick.context()).is_ready());
}
