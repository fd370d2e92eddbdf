//! One queue of deadlines for a whole connection.
//!
//! Calls that share a timeout fall due in the order in which they start, so
//! each distinct timeout gets a lane: a list that is sorted by itself. Adding
//! and removing is O(1). A deadline that fits no lane goes to a sorted set.
//! Nothing is swept and nothing is deleted lazily.

use std::collections::BTreeSet;

use super::arena::Key;
use super::chain::{Chain, Chains};

/// Distinct timeouts that get a lane of their own. Programs use a handful.
const LANES: usize = 8;
/// Steps back from a lane's end before an out-of-order deadline goes to the
/// sorted set: calls polled out of order by a little stay in their lane.
const STEPS: usize = 8;

#[derive(Debug)]
struct Lane {
    timeout: u64,
    chain: Chain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Lane(usize),
    Sorted,
}

#[derive(Debug)]
struct Deadline {
    at: u64,
    place: Place,
    owner: Key,
}

#[derive(Debug)]
pub(crate) struct Deadlines {
    nodes: Chains<Deadline>,
    lanes: Vec<Lane>,
    /// The nodes that are in no lane, so that they live somewhere.
    unordered: Chain,
    sorted: BTreeSet<(u64, Key)>,
}

impl Deadlines {
    pub(crate) const fn new() -> Self {
        Self {
            nodes: Chains::new(),
            lanes: Vec::new(),
            unordered: Chain::EMPTY,
            sorted: BTreeSet::new(),
        }
    }

    /// Adds a deadline at `at`, which is `timeout` after its owner started.
    /// `None` only when 2^32 - 1 deadlines are pending.
    pub(crate) fn insert(&mut self, at: u64, timeout: u64, owner: Key) -> Option<Key> {
        if let Some(lane) = self.lane(timeout) {
            if let Some(after) = self.position(lane, at) {
                let deadline = Deadline {
                    at,
                    place: Place::Lane(lane),
                    owner,
                };
                let chain = &mut self.lanes.get_mut(lane)?.chain;
                return self.nodes.insert_after(chain, after, deadline).ok();
            }
        }
        let deadline = Deadline {
            at,
            place: Place::Sorted,
            owner,
        };
        let key = self.nodes.push_back(&mut self.unordered, deadline).ok()?;
        self.sorted.insert((at, key));
        Some(key)
    }

    /// Forgets a deadline. Unknown keys are ignored.
    pub(crate) fn remove(&mut self, key: Key) {
        let Some(deadline) = self.nodes.get(key) else {
            return;
        };
        match deadline.place {
            Place::Lane(lane) => {
                if let Some(lane) = self.lanes.get_mut(lane) {
                    self.nodes.remove(&mut lane.chain, key);
                }
            }
            Place::Sorted => {
                self.sorted.remove(&(deadline.at, key));
                self.nodes.remove(&mut self.unordered, key);
            }
        }
    }

    /// Removes one deadline that is due and says whose it was.
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<Key> {
        let (at, key) = self.first()?;
        if at > now {
            return None;
        }
        let owner = self.nodes.get(key)?.owner;
        self.remove(key);
        Some(owner)
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<u64> {
        self.first().map(|(at, _)| at)
    }

    fn first(&self) -> Option<(u64, Key)> {
        let lanes = self.lanes.iter().filter_map(|lane| {
            let key = self.nodes.front(&lane.chain)?;
            Some((self.nodes.get(key)?.at, key))
        });
        lanes.chain(self.sorted.first().copied()).min()
    }

    /// The lane of this timeout: its own, an empty one, or a new one.
    fn lane(&mut self, timeout: u64) -> Option<usize> {
        let lanes = &mut self.lanes;
        if let Some(lane) = lanes.iter().position(|lane| lane.timeout == timeout) {
            return Some(lane);
        }
        if let Some(lane) = lanes.iter().position(|lane| lane.chain.is_empty()) {
            lanes.get_mut(lane)?.timeout = timeout;
            return Some(lane);
        }
        if lanes.len() == LANES {
            return None;
        }
        lanes.push(Lane {
            timeout,
            chain: Chain::EMPTY,
        });
        Some(lanes.len() - 1)
    }

    /// Behind which node of the lane `at` belongs, if that is near the end.
    fn position(&self, lane: usize, at: u64) -> Option<Option<Key>> {
        let mut after = self.nodes.back(&self.lanes.get(lane)?.chain);
        for _ in 0..STEPS {
            match after {
                None => return Some(None),
                Some(key) if self.nodes.get(key)?.at <= at => return Some(after),
                Some(key) => after = self.nodes.before(key),
            }
        }
        None
    }
}
