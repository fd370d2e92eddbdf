//! The most memory that was in use at once.

use std::cell::Cell;
use std::rc::Rc;

use await_layer_testkit::alloc::{COUNTING, Region};

/// Looks at the memory in use as often as it is told to, and keeps the most.
#[derive(Clone)]
pub(crate) struct Peak {
    seen: Rc<Cell<Seen>>,
}

#[derive(Clone, Copy)]
struct Seen {
    since: Region,
    most: isize,
    /// Bytes asked for before.
    allocated: usize,
}

impl Seen {
    fn now() -> Self {
        Self {
            since: Region::start(),
            most: 0,
            allocated: COUNTING.stats().bytes_allocated,
        }
    }
}

impl Peak {
    pub(crate) fn new() -> Self {
        let seen = Rc::new(Cell::new(Seen::now()));
        Self { seen }
    }

    /// What is in use now is the baseline.
    pub(crate) fn restart(&self) {
        self.seen.set(Seen::now());
    }

    pub(crate) fn look(&self) {
        let mut seen = self.seen.get();
        seen.most = seen.most.max(seen.since.change().live_bytes);
        self.seen.set(seen);
    }

    /// Bytes above the baseline, at most so far.
    pub(crate) fn most(&self) -> usize {
        self.look();
        self.seen.get().most.unsigned_abs()
    }

    /// Bytes above the baseline now.
    pub(crate) fn left(&self) -> usize {
        let left = self.seen.get().since.change().live_bytes;
        usize::try_from(left).unwrap_or(0)
    }

    /// Bytes asked for since the baseline, whatever became of them.
    pub(crate) fn asked(&self) -> usize {
        let now = COUNTING.stats().bytes_allocated;
        now.wrapping_sub(self.seen.get().allocated)
    }

    /// Pieces of memory asked for since the baseline.
    pub(crate) fn allocations(&self) -> usize {
        let change = self.seen.get().since.change();
        change.allocations + change.reallocations
    }
}
