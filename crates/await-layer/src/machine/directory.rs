//! Names to keys: whose id is this?
//!
//! Owned by the driver, because looking up runs the user's `Hash` and `Eq`,
//! which must never happen under a lock. Ours and theirs are apart: the same
//! number may be live in both directions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::arena::Key;
use super::places::Places;
use crate::id::Locate;

/// Whom an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The call, and its id's place here.
    Call {
        call: Key,
        place: Key,
    },
    /// Ours by its looks, and not live: late, duplicate or forged.
    Stray,
    Foreign,
}

/// The live ids of one connection.
///
/// Calls that wait for a permit have no id yet, so the slots that generators
/// see are places of their own, claimed when a request is written: dense,
/// below the calls in flight plus the retired ids, and reused oldest-first.
pub(crate) struct Directory<I, A> {
    places: Places<I>,
    /// The places of the ids that do not carry theirs, and of those that
    /// callers chose.
    map: HashMap<I, Key>,
    asks: HashMap<A, Key>,
    /// By slot index.
    ask_names: Vec<Option<A>>,
}

impl<I, A> Directory<I, A>
where
    I: Clone + Eq + Hash,
    A: Clone + Eq + Hash,
{
    pub(crate) fn new() -> Self {
        Self {
            places: Places::new(),
            map: HashMap::new(),
            asks: HashMap::new(),
            ask_names: Vec::new(),
        }
    }

    /// Whose `id` is, given what its generator reads in it.
    pub(crate) fn find(&self, id: &I, locate: Locate) -> Owner {
        if let Locate::Slot(index) = locate {
            if let Some((place, call, name)) = self.places.at(index) {
                if name == id {
                    return Owner::Call { call, place };
                }
            }
        }
        if !self.map.is_empty() {
            let mapped = self.map.get(id);
            if let Some((place, call, _)) = mapped.and_then(|place| self.places.at(place.index)) {
                return Owner::Call { call, place };
            }
        }
        match locate {
            Locate::Foreign => Owner::Foreign,
            Locate::Slot(_) | Locate::Map => Owner::Stray,
        }
    }

    /// Whether an id was ever made for this slot.
    pub(crate) fn was_used(&self, index: u32) -> bool {
        self.places.was_used(index)
    }

    /// The place that the next id takes; `None` when there are too many.
    pub(crate) fn next_place(&mut self) -> Option<Key> {
        self.places.next()
    }

    /// The same place, for another try.
    pub(crate) fn renew_place(&mut self, place: Key) -> Key {
        self.places.renew(place)
    }

    /// Gives `call` the id made for the [`next_place`](Self::next_place), and
    /// with it the place; `false` when the id is live or retired.
    pub(crate) fn insert(&mut self, call: Key, place: Key, id: I, locate: Locate) -> bool {
        let mapped = locate != Locate::Slot(place.index);
        // An id of its own place can only meet one that a caller chose.
        let alone = !mapped && self.map.is_empty();
        if !alone && matches!(self.find(&id, locate), Owner::Call { .. }) {
            return false;
        }
        if mapped {
            self.map.insert(id.clone(), place);
        }
        self.places.take(call, id, mapped);
        true
    }

    /// The id at `place`.
    pub(crate) fn id(&self, place: Key) -> Option<&I> {
        let (found, _, id) = self.places.at(place.index)?;
        (found == place).then_some(id)
    }

    /// The id at `place` may be used again.
    pub(crate) fn release(&mut self, place: Key) {
        if let Some((id, true)) = self.places.release(place) {
            self.map.remove(&id);
        }
    }

    pub(crate) fn ask(&self, ask: &A) -> Option<Key> {
        self.asks.get(ask).copied()
    }

    /// Notes a request; the caller has checked that its name is not live.
    pub(crate) fn insert_ask(&mut self, key: Key, ask: A) {
        if let Entry::Vacant(vacant) = self.asks.entry(ask) {
            grow(&mut self.ask_names, key.index);
            if let Some(place) = self.ask_names.get_mut(key.index as usize) {
                *place = Some(vacant.key().clone());
            }
            vacant.insert(key);
        }
    }

    pub(crate) fn ask_name(&self, key: Key) -> Option<&A> {
        let ask = self.ask_names.get(key.index as usize)?.as_ref()?;
        (self.asks.get(ask) == Some(&key)).then_some(ask)
    }

    pub(crate) fn release_ask(&mut self, key: Key) {
        if self.ask_name(key).is_none() {
            return;
        }
        if let Some(ask) = self
            .ask_names
            .get_mut(key.index as usize)
            .and_then(Option::take)
        {
            self.asks.remove(&ask);
        }
    }
}

/// Makes room for `index`. Indices are dense and bounded by calls of our own.
fn grow<T: Default>(list: &mut Vec<T>, index: u32) {
    let len = index as usize + 1;
    if list.len() < len {
        list.resize_with(len, T::default);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Key = Key { index: 0, turn: 3 };
    const B: Key = Key { index: 1, turn: 0 };

    fn owner(directory: &Directory<u64, u64>, id: u64, locate: Locate) -> Option<Key> {
        match directory.find(&id, locate) {
            Owner::Call { call, .. } => Some(call),
            _ => None,
        }
    }

    #[test]
    fn ids_that_carry_their_slot_need_no_map() {
        let mut directory = Directory::<u64, u64>::new();
        let place = directory.next_place().unwrap();
        assert!(directory.insert(A, place, 70, Locate::Slot(0)));
        assert!(directory.map.is_empty());
        assert_eq!(owner(&directory, 70, Locate::Slot(0)), Some(A));
        assert_eq!(directory.find(&71, Locate::Slot(0)), Owner::Stray);
        directory.release(place);
        assert_eq!(directory.find(&70, Locate::Slot(0)), Owner::Stray);
    }

    #[test]
    fn a_live_id_is_refused_whichever_way_it_was_made() {
        let mut directory = Directory::<u64, u64>::new();
        let c = Key { index: 2, turn: 0 };
        let a = directory.next_place().unwrap();
        assert!(directory.insert(A, a, 1, Locate::Slot(0)));
        assert!(directory.was_used(0) && !directory.was_used(1));
        let b = directory.next_place().unwrap();
        assert!(!directory.insert(B, b, 1, Locate::Slot(0)));
        assert_eq!(directory.next_place(), Some(b), "it was not taken");
        assert!(directory.insert(B, b, 9, Locate::Foreign));
        assert_eq!(owner(&directory, 9, Locate::Foreign), Some(B));
        let d = directory.next_place().unwrap();
        assert!(!directory.insert(c, d, 9, Locate::Slot(2)));
        directory.release(Key { turn: 7, ..b });
        assert_eq!(directory.id(b), Some(&9));
        directory.release(b);
        assert_eq!(directory.find(&9, Locate::Foreign), Owner::Foreign);
        assert!(directory.map.is_empty());
    }

    #[test]
    fn a_name_of_theirs_is_live_until_its_own_key_releases_it() {
        let mut directory = Directory::<u64, u64>::new();
        directory.insert_ask(A, 5);
        directory.insert_ask(B, 5);
        assert_eq!(directory.ask(&5), Some(A));
        directory.release_ask(B);
        assert_eq!(directory.ask_name(A), Some(&5));
        directory.release_ask(A);
        assert_eq!(directory.ask(&5), None);
    }
}
