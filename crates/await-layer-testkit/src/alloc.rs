//! Memory, counted.
//!
//! One line in a test program installs the counting allocator; a [`Region`]
//! then says what a piece of code took and kept:
//!
//! ```
//! use await_layer_testkit::alloc::{COUNTING, Counting, Region};
//!
//! #[global_allocator]
//! static ALLOCATOR: &Counting = &COUNTING;
//!
//! fn main() {
//!     let region = Region::start();
//!     let kept = vec![0_u8; 1000];
//!     assert_eq!(region.change().allocations, 1);
//!     assert_eq!(region.change().live_bytes, 1000);
//!     drop(kept);
//!     assert_eq!(region.change().live_bytes, 0);
//! }
//! ```
//!
//! It counts the whole process, all threads together. The test harness's own
//! threads allocate while a `#[test]` runs, so exact numbers need a test
//! program with a `main` of its own: `harness = false` in its `[[test]]`.

use std::alloc::System;
use std::hint::black_box;

use stats_alloc::{Stats, StatsAlloc};

/// The system's allocator, with counters. The `stats_alloc` crate's.
pub type Counting = StatsAlloc<System>;

/// The one that [`Region`] reads: what `#[global_allocator]` must name.
pub use stats_alloc::INSTRUMENTED_SYSTEM as COUNTING;

/// A stretch of the program, measured from where it started.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    start: Stats,
}

/// What changed since a [`Region`] started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Pieces of memory asked for.
    pub allocations: usize,
    /// Pieces of memory given back.
    pub deallocations: usize,
    /// Pieces whose size was changed, such as a `Vec` that grew.
    pub reallocations: usize,
    /// Bytes in use now, less those in use at the start. Negative if more was
    /// given back than taken. As requested; what the allocator adds is not
    /// counted.
    pub live_bytes: isize,
}

impl Region {
    /// Starts to measure here.
    ///
    /// # Panics
    ///
    /// If [`COUNTING`] is not the program's allocator: all counts would be 0,
    /// and a test of them would pass whatever it measured.
    #[track_caller]
    pub fn start() -> Self {
        let before = COUNTING.stats().allocations;
        drop(black_box(Box::new(0_u8)));
        assert!(
            COUNTING.stats().allocations > before,
            "nothing is counted: put `#[global_allocator] static ALLOCATOR: &Counting = &COUNTING;` \
             in the test program"
        );
        Self {
            start: COUNTING.stats(),
        }
    }

    /// What changed since the start. Takes no memory itself.
    pub fn change(&self) -> Change {
        let change = COUNTING.stats() - self.start;
        Change {
            allocations: change.allocations,
            deallocations: change.deallocations,
            reallocations: change.reallocations,
            // `bytes_reallocated` is part of these two already.
            live_bytes: change
                .bytes_allocated
                .wrapping_sub(change.bytes_deallocated) as isize,
        }
    }
}
