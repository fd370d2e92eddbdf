//! What happened, in one run or many: a simulation in which something never
//! happens does not try it.

use std::cell::RefCell;
use std::fmt;

macro_rules! features {
    ($($feature:ident)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Feature { $($feature),* }

        pub(crate) const FEATURES: &[Feature] = &[$(Feature::$feature),*];
    };
}

features! {
    Seeds Connections Calls Replies Failures Cancelled Polls
    Late LateParts Messages Withdrawn Refused RefusalsDropped Lagged
    Batches BatchesDropped Parts StreamsWhole StreamsDropped StreamsOverrun
    PermitsSpent PermitsGivenUp PermitsUnused PermitsAllThere Fed Settings
    Repeated Overtook Forged Guessed Stale Echoed Garbage UnderLiveIds
    CancelsOfNothing EndlessParts OurTag Honest TheirsAnswered
    Stuck Snapped Blows Panicked PanickedWaker PanickedTask
    ClosedTwice ClosedOnePoll CloseTimeout Eof Transport Unmatched Overflow
    Dropped
}

/// Takes no memory of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally {
    counts: [u64; FEATURES.len()],
    /// The polls after which the seed had a call dropped.
    polls: Marks,
    /// The operations of the transport at which it had the link cut.
    steps: Marks,
}

/// Small numbers that were seen.
#[derive(Clone, Copy, Debug, Default)]
struct Marks([u64; 16]);

impl Marks {
    fn mark(&mut self, n: u64) {
        if let Some(word) = self.0.get_mut((n / 64) as usize) {
            *word |= 1 << (n % 64);
        }
    }

    fn has(&self, n: u64) -> bool {
        let word = self.0.get((n / 64) as usize);
        word.is_some_and(|word| word & (1 << (n % 64)) != 0)
    }

    fn join(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word |= other;
        }
    }

    fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            counts: [0; FEATURES.len()],
            polls: Marks::default(),
            steps: Marks::default(),
        }
    }
}

/// What the tasks of a run count.
#[derive(Debug, Default)]
pub(crate) struct Score(RefCell<Tally>);

impl Score {
    pub(crate) fn count(&self, feature: Feature) {
        self.add(feature, 1);
    }

    pub(crate) fn add(&self, feature: Feature, n: u64) {
        self.0.borrow_mut().count(feature, n);
    }

    pub(crate) fn cancelled_at(&self, polls: usize) {
        self.0.borrow_mut().polls.mark(polls as u64);
    }

    pub(crate) fn snapped_at(&self, step: u64) {
        self.count(Feature::Snapped);
        self.0.borrow_mut().steps.mark(step);
    }

    pub(crate) fn take(&self) -> Tally {
        self.0.take()
    }
}

impl Tally {
    fn count(&mut self, feature: Feature, n: u64) {
        self.counts[feature as usize] += n;
    }

    pub(crate) fn get(&self, feature: Feature) -> u64 {
        self.counts[feature as usize]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for feature in FEATURES {
            self.count(*feature, other.get(*feature));
        }
        self.polls.join(&other.polls);
        self.steps.join(&other.steps);
    }

    /// Fails if something was not tried.
    pub(crate) fn assert_all_was_tried(&self) {
        let missing = FEATURES.iter().filter(|feature| self.get(**feature) == 0);
        let missing: Vec<_> = missing.collect();
        assert!(missing.is_empty(), "never happened: {missing:?}\n{self}");
        // Not each of them is there: a call may end before.
        assert!((1..=6).all(|poll| self.polls.has(poll)), "{self}");
        let steps = (1..=40).filter(|step| self.steps.has(*step)).count();
        assert!(steps > 30, "cut at {steps} of the first 40 steps\n{self}");
        let (calls, replies) = (self.get(Feature::Calls), self.get(Feature::Replies));
        assert!(replies > calls / 4, "{self}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for feature in FEATURES {
            write!(f, "{feature:?} {}, ", self.get(*feature))?;
        }
        let (polls, steps) = (self.polls.count(), self.steps.count());
        write!(f, "cancelled at {polls} polls, cut at {steps} steps")
    }
}
