//! The deadlines of a whole connection.
//!
//! Calls that share a timeout fall due in the order in which they start, so
//! they stand in a list that is sorted by itself: a lane. A deadline goes to
//! the first lane whose last one is not later; that takes as many lanes as
//! there are distinct timeouts in use. Adding and removing is O(1). What fits
//! no lane goes to a sorted set. Nothing is swept and nothing is deleted
//! lazily.

use std::collections::BTreeSet;

use super::list::{Links, List, Members};

/// Lanes, of which programs use a handful: one per distinct timeout.
const LANES: usize = 8;
/// Steps back from the last lane's end before an out-of-order deadline goes to
/// the sorted set.
const STEPS: usize = 8;

const SORTED: u64 = 14;
const NOWHERE: u64 = 15;
/// Bits that say where a deadline stands.
const PLACE: u32 = 4;

/// A slot's deadline: the instant, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    /// Both in one word: nanoseconds from the base above, the place below.
    at: u64,
    links: Links,
}

impl Deadline {
    pub(super) const NONE: Self = Self {
        at: NOWHERE,
        links: Links::NONE,
    };

    fn at(self) -> u64 {
        self.at >> PLACE
    }

    fn place(self) -> u64 {
        self.at & NOWHERE
    }
}

/// Slots that have a deadline each.
pub(super) trait Timed {
    fn deadline(&mut self, index: u32) -> Option<&mut Deadline>;
}

struct InLane<'a, T>(&'a mut T);

impl<T: Timed> Members for InLane<'_, T> {
    fn links(&mut self, index: u32) -> Option<&mut Links> {
        Some(&mut self.0.deadline(index)?.links)
    }
}

#[derive(Debug)]
pub(super) struct Deadlines {
    /// The clock when there was none yet: what is kept counts from here, for a
    /// clock may count from anywhere, and 60 bits are not enough for that.
    base: u64,
    lanes: Vec<List>,
    sorted: BTreeSet<(u64, u32)>,
}

impl Deadlines {
    pub(super) const fn new(base: u64) -> Self {
        Self {
            base,
            lanes: Vec::new(),
            sorted: BTreeSet::new(),
        }
    }

    /// Gives the slot at `index`, which has none, a deadline. One that is more
    /// than 36 years after the base is none.
    pub(super) fn insert(&mut self, slots: &mut impl Timed, index: u32, at: u64) {
        let at = at.saturating_sub(self.base);
        if at >> (u64::BITS - PLACE) != 0 {
            return;
        }
        let place = self.place(slots, index, at);
        if let Some(deadline) = slots.deadline(index) {
            deadline.at = at << PLACE | place;
        }
        if place == SORTED {
            self.sorted.insert((at, index));
        }
    }

    /// Forgets the slot's deadline, if it has one.
    pub(super) fn remove(&mut self, slots: &mut impl Timed, index: u32) {
        let Some(deadline) = slots.deadline(index) else {
            return;
        };
        let (at, place) = (deadline.at(), deadline.place());
        deadline.at = NOWHERE;
        match place {
            NOWHERE => {}
            SORTED => {
                self.sorted.remove(&(at, index));
            }
            lane => {
                if let Some(lane) = self.lanes.get_mut(lane as usize) {
                    lane.remove(&mut InLane(slots), index);
                }
            }
        }
    }

    /// Removes one deadline that is due and says whose it was.
    pub(super) fn pop_due(&mut self, slots: &mut impl Timed, now: u64) -> Option<u32> {
        let (at, index) = self.first(slots)?;
        if at > now {
            return None;
        }
        self.remove(slots, index);
        Some(index)
    }

    /// The earliest deadline.
    pub(super) fn next(&self, slots: &mut impl Timed) -> Option<u64> {
        self.first(slots).map(|(at, _)| at)
    }

    #[cfg(test)]
    pub(super) fn all_in_lanes(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Each is where it says it is, and the lanes are in order.
    #[cfg(test)]
    pub(super) fn check(&self, slots: &mut impl Timed) {
        for (place, lane) in (0..).zip(&self.lanes) {
            let (mut index, mut last, mut members) = (lane.back(), u64::MAX, 0);
            while let Some(deadline) = index.and_then(|index| slots.deadline(index)).copied() {
                assert!(deadline.place() == place && deadline.at() <= last);
                last = deadline.at();
                index = index.and_then(|index| lane.before(&mut InLane(slots), index));
                members += 1;
            }
            assert_eq!(members, lane.len());
        }
    }

    fn first(&self, slots: &mut impl Timed) -> Option<(u64, u32)> {
        let lanes = self.lanes.iter().filter_map(|lane| {
            let index = lane.front()?;
            Some((slots.deadline(index)?.at(), index))
        });
        let mut first = lanes.min();
        if let Some(&sorted) = self.sorted.first() {
            first = Some(first.map_or(sorted, |first| first.min(sorted)));
        }
        let (at, index) = first?;
        Some((at.saturating_add(self.base), index))
    }

    /// Puts the slot into a lane, if one takes it.
    fn place(&mut self, slots: &mut impl Timed, index: u32, at: u64) -> u64 {
        for (place, lane) in (0..).zip(&mut self.lanes) {
            let fits = match lane.back() {
                None => true,
                Some(last) => slots.deadline(last).is_some_and(|last| last.at() <= at),
            };
            if fits {
                lane.push_back(&mut InLane(slots), index);
                return place;
            }
        }
        if self.lanes.len() < LANES {
            let mut lane = List::EMPTY;
            lane.push_back(&mut InLane(slots), index);
            self.lanes.push(lane);
            return self.lanes.len() as u64 - 1;
        }
        let Some(lane) = self.lanes.last_mut() else {
            return SORTED;
        };
        let mut after = lane.back();
        for _ in 0..STEPS {
            let Some(last) = after else {
                break;
            };
            if slots.deadline(last).is_some_and(|last| last.at() <= at) {
                lane.insert_after(&mut InLane(slots), after, index);
                return LANES as u64 - 1;
            }
            after = lane.before(&mut InLane(slots), last);
        }
        SORTED
    }
}
