//! What happened, counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use await_layer::Stats;
use hdrhistogram::Histogram;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Replied,
    TimedOut,
    /// Its future was dropped.
    Cancelled,
    /// Its connection was closed or lost, or was being closed.
    Ended,
    /// What came is not the answer to it.
    Garbled,
    /// It was turned away by an open connection.
    Refused,
    /// The layer said something that cannot be.
    Odd,
}

impl Outcome {
    pub(crate) const ALL: [Self; 7] = [
        Self::Replied,
        Self::TimedOut,
        Self::Cancelled,
        Self::Ended,
        Self::Garbled,
        Self::Refused,
        Self::Odd,
    ];
}

/// Microseconds up to the longest that any call may take.
const LONGEST: u64 = 100_000_000;

/// Shared by all; only grows.
#[derive(Debug)]
pub(crate) struct Tally {
    calls: AtomicU64,
    outcomes: [AtomicU64; Outcome::ALL.len()],
    /// Calls that the peer never answers.
    pub(crate) lost: AtomicU64,
    /// Calls that timed out although the peer answers such.
    pub(crate) missed: AtomicU64,
    /// Requests that did not unpack, and answers that were not taken.
    pub(crate) spoilt: AtomicU64,
    /// Calls that were not made, because too many were under way.
    pub(crate) skipped: AtomicU64,
    /// Connections that took another's place.
    pub(crate) reconnects: AtomicU64,
    pub(crate) failed_dials: AtomicU64,
    /// Calls that a connection still had after its end.
    pub(crate) left: AtomicU64,
    /// Microseconds that the schedule was behind, at most, since it was asked.
    behind: AtomicU64,
    took: Mutex<Histogram<u32>>,
    stats: Mutex<Stats>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        let took = Histogram::new_with_bounds(1, LONGEST, 3);
        Self {
            calls: AtomicU64::default(),
            outcomes: Default::default(),
            lost: AtomicU64::default(),
            missed: AtomicU64::default(),
            spoilt: AtomicU64::default(),
            skipped: AtomicU64::default(),
            reconnects: AtomicU64::default(),
            failed_dials: AtomicU64::default(),
            left: AtomicU64::default(),
            behind: AtomicU64::default(),
            took: Mutex::new(took.expect("3 digits can be kept")),
            stats: Mutex::default(),
        }
    }

    pub(crate) fn begin(&self, calls: u64) {
        self.calls.fetch_add(calls, Ordering::Relaxed);
    }

    /// A call is over. Its time is that since `due`, if it is measured and has
    /// its reply; one that the peer answers must not time out.
    pub(crate) fn end(&self, outcome: Outcome, due: Option<Instant>, answered: bool) {
        match (outcome, due) {
            (Outcome::Replied, Some(due)) => {
                let micros = u64::try_from(due.elapsed().as_micros()).unwrap_or(LONGEST);
                lock(&self.took).saturating_record(micros);
            }
            (Outcome::TimedOut, _) if answered => add(&self.missed, 1),
            _ => {}
        }
        let at = Outcome::ALL.iter().position(|it| *it == outcome);
        self.outcomes[at.expect("all are there")].fetch_add(1, Ordering::Release);
    }

    pub(crate) fn in_flight(&self) -> i64 {
        self.counts().in_flight()
    }

    /// The schedule was so far behind.
    pub(crate) fn behind(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.behind.fetch_max(micros, Ordering::Relaxed);
    }

    /// A connection is over.
    pub(crate) fn over(&self, in_flight: usize, of: &Stats) {
        add(&self.left, in_flight as u64);
        let mut sum = lock(&self.stats);
        sum.calls += of.calls;
        sum.replied += of.replied;
        sum.expired += of.expired;
        sum.cancelled += of.cancelled;
        sum.written += of.written;
        sum.read += of.read;
        sum.late += of.late;
        sum.unknown += of.unknown;
        sum.late_parts += of.late_parts;
        sum.requests += of.requests;
        sum.withdrawn += of.withdrawn;
        sum.refused += of.refused;
        sum.unanswered += of.unanswered;
    }

    pub(crate) fn counts(&self) -> Counts {
        // Outcomes first: none is seen before its call.
        let [replies, timeouts, cancelled, ended, garbled, refused, odd] =
            std::array::from_fn(|at| self.outcomes[at].load(Ordering::Acquire));
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            calls: read(&self.calls),
            replies,
            timeouts,
            cancelled,
            ended,
            garbled,
            refused,
            odd,
            lost: read(&self.lost),
            missed: read(&self.missed),
            spoilt: read(&self.spoilt),
            skipped: read(&self.skipped),
            reconnects: read(&self.reconnects),
            failed_dials: read(&self.failed_dials),
            left: read(&self.left),
        }
    }

    /// Milliseconds since this was asked last: at 50, 99, 99.9 and 100 percent.
    pub(crate) fn percentiles(&self) -> [f64; 4] {
        let mut took = lock(&self.took);
        let at = [50.0, 99.0, 99.9, 100.0].map(|at| took.value_at_percentile(at) as f64 / 1e3);
        took.reset();
        at
    }

    /// Milliseconds that the schedule was behind since this was asked last.
    pub(crate) fn take_behind(&self) -> f64 {
        self.behind.swap(0, Ordering::Relaxed) as f64 / 1e3
    }

    /// Of all connections that are over.
    pub(crate) fn stats(&self) -> Stats {
        *lock(&self.stats)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn add(count: &AtomicU64, n: u64) {
    count.fetch_add(n, Ordering::Relaxed);
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) replies: u64,
    pub(crate) timeouts: u64,
    pub(crate) cancelled: u64,
    pub(crate) ended: u64,
    pub(crate) garbled: u64,
    pub(crate) refused: u64,
    pub(crate) odd: u64,
    pub(crate) lost: u64,
    pub(crate) missed: u64,
    pub(crate) spoilt: u64,
    pub(crate) skipped: u64,
    pub(crate) reconnects: u64,
    pub(crate) failed_dials: u64,
    pub(crate) left: u64,
}

impl Counts {
    /// Outcomes that must not be.
    pub(crate) fn wrong(&self) -> u64 {
        self.garbled + self.refused + self.odd
    }

    pub(crate) fn in_flight(&self) -> i64 {
        let over = self.replies + self.timeouts + self.cancelled + self.ended + self.wrong();
        self.calls as i64 - over as i64
    }
}
