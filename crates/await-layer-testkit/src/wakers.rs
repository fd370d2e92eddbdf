//! A waker that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

/// Counts how often its wakers were woken.
///
/// Clones count together. All wakers of one `CountingWaker` are the same waker
/// to [`Waker::will_wake`].
///
/// ```
/// use await_layer_testkit::wakers::CountingWaker;
///
/// let count = CountingWaker::new();
/// count.waker().wake();
/// assert_eq!(count.wakes(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct CountingWaker {
    bell: Arc<Bell>,
}

#[derive(Debug, Default)]
struct Bell {
    rings: AtomicUsize,
}

impl CountingWaker {
    /// A count of 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// A waker that counts here.
    pub fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.bell))
    }

    /// Wakes since the start, or since the last [`take`](Self::take).
    pub fn wakes(&self) -> usize {
        self.bell.rings.load(Ordering::SeqCst)
    }

    /// The count, which starts again at 0.
    pub fn take(&self) -> usize {
        self.bell.rings.swap(0, Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rings.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_way_of_waking() {
        let count = CountingWaker::new();
        let waker = count.waker();
        waker.wake_by_ref();
        let other = waker.clone();
        waker.wake();
        other.wake();
        count.clone().waker().wake();
        assert_eq!(count.wakes(), 4);
        assert_eq!(count.take(), 4);
        assert_eq!(count.wakes(), 0);
    }

    #[test]
    fn its_wakers_are_one_and_others_are_not() {
        let count = CountingWaker::new();
        assert!(count.waker().will_wake(&count.waker()));
        assert!(!count.waker().will_wake(&CountingWaker::new().waker()));
    }
}
