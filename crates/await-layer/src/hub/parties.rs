//! Those who wait: what they are, what they do, and their entries.
//!
//! A party is known by the key of its slot in the machine, so there is nothing
//! to join: a key that is later than the entry's takes the place.

use std::task::Waker;

use crate::machine::arena::{Key, reserve};
use crate::machine::{Links, Members};

/// What a party is, as far as electing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ends with its answer; the newest waits longest and is chosen first.
    Call,
    /// A spawned driver: chosen before any call.
    Driver,
    /// A polled stream: chosen likewise, and woken when something comes in.
    Stream,
}

/// What a party that is polled has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    None,
    /// Queued something.
    Queued,
    /// Queued something, and others that have just been woken may do so too.
    QueuedInCompany,
}

/// What a party that is polled must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Something has come for it: look, and poll again if it was not enough.
    Settled,
    /// The connection has ended: look, nothing else will come.
    Over,
    /// Return `Pending`; it will be woken.
    Wait,
    /// Wake itself and return `Pending`.
    Yield,
    /// Drive, then end the turn.
    Turn,
}

/// One who waits, or did, or has something to take.
pub(super) struct Party {
    pub(super) waker: Option<Waker>,
    /// Its neighbours among those that wait.
    links: Links,
    /// Of the key.
    pub(super) turn: u32,
    pub(super) kind: Kind,
    /// It stands among those that wait.
    pub(super) waits: bool,
    pub(super) settled: bool,
    /// Was told to drive and did not come; stands first among the calls.
    pub(super) absent: bool,
}

impl Party {
    const fn new(turn: u32) -> Self {
        Self {
            waker: None,
            links: Links::NONE,
            turn,
            kind: Kind::Call,
            waits: false,
            settled: false,
            absent: false,
        }
    }
}

/// The parties of one connection, by the index of their slot.
pub(super) struct Parties(Vec<Option<Party>>);

impl Members for Parties {
    fn links(&mut self, index: u32) -> Option<&mut Links> {
        Some(&mut self.0.get_mut(index as usize)?.as_mut()?.links)
    }
}

impl Parties {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn at(&self, index: u32) -> Option<&Party> {
        self.0.get(index as usize)?.as_ref()
    }

    pub(super) fn get(&self, key: Key) -> Option<&Party> {
        self.at(key.index).filter(|party| party.turn == key.turn)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Party> {
        let party = self.0.get_mut(key.index as usize)?.as_mut()?;
        (party.turn == key.turn).then_some(party)
    }

    /// The key of whoever was here last.
    pub(super) fn key(&self, index: u32) -> Option<Key> {
        let turn = self.at(index)?.turn;
        Some(Key { index, turn })
    }

    /// Something has come for `party`; `false` if it has no place.
    pub(super) fn settle(&mut self, party: Key) -> bool {
        let entry = self.get_mut(party);
        entry.map(|entry| entry.settled = true).is_some()
    }

    /// Gives `party` the place of whoever was there before.
    pub(super) fn replace(&mut self, party: Key) {
        if let Some(place) = self.0.get_mut(party.index as usize) {
            *place = Some(Party::new(party.turn));
            return;
        }
        self.make_room(party.index);
        self.0.push(Some(Party::new(party.turn)));
    }

    /// Makes `index` the next to be pushed.
    #[cold]
    fn make_room(&mut self, index: u32) {
        while self.0.len() < index as usize {
            reserve(&mut self.0);
            self.0.push(None);
        }
        reserve(&mut self.0);
    }

    /// Whether somebody with a later key has its place.
    pub(super) fn is_of_the_past(&self, party: Key) -> bool {
        // Turns wrap; half of all of them are the past.
        let later = |entry: &Party| (1..1 << 31).contains(&entry.turn.wrapping_sub(party.turn));
        self.at(party.index).is_some_and(later)
    }
}
