//! Names to keys: whose id is this?
//!
//! Owned by the driver, because looking up runs the user's `Hash` and `Eq`,
//! which must never happen under a lock. Ours and theirs are apart: the same
//! number may be live in both directions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::arena::{Arena, Key};
use crate::id::{Locate, Slot};

/// Whom an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Call(Key),
    /// Ours by its looks, and not live: late, duplicate or forged.
    Stray,
    Foreign,
}

/// A live or retired id, and whose it is.
#[derive(Debug)]
struct Name<I> {
    call: Key,
    id: I,
    mapped: bool,
}

/// The live ids of one connection.
///
/// Calls that wait for a permit have no id yet, so the slots that generators
/// see are places of their own, claimed when a request is written: dense,
/// below the calls in flight plus the retired ids, and reused oldest-first.
pub(crate) struct Directory<I, A> {
    /// `None` while its id is being made.
    places: Arena<Option<Name<I>>>,
    /// Ids made for each place so far.
    turns: Vec<u32>,
    /// The place of each call, by the call's index.
    claims: Vec<Option<(Key, Key)>>,
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
            places: Arena::new(),
            turns: Vec::new(),
            claims: Vec::new(),
            map: HashMap::new(),
            asks: HashMap::new(),
            ask_names: Vec::new(),
        }
    }

    /// Whose `id` is, given what its generator reads in it.
    pub(crate) fn find(&self, id: &I, locate: Locate) -> Owner {
        if let Locate::Slot(index) = locate {
            let name = self.places.key_at(index).and_then(|place| self.name(place));
            if let Some(name) = name.filter(|name| name.id == *id) {
                return Owner::Call(name.call);
            }
        }
        if !self.map.is_empty() {
            if let Some(name) = self.map.get(id).and_then(|place| self.name(*place)) {
                return Owner::Call(name.call);
            }
        }
        match locate {
            Locate::Foreign => Owner::Foreign,
            Locate::Slot(_) | Locate::Map => Owner::Stray,
        }
    }

    /// Whether an id was ever made for this slot.
    pub(crate) fn was_used(&self, index: u32) -> bool {
        self.turns
            .get(index as usize)
            .is_some_and(|turns| *turns > 0)
    }

    /// A place for the id of `call`.
    pub(crate) fn claim(&mut self, call: Key) -> Option<Key> {
        let place = self.places.insert(None).ok()?;
        grow(&mut self.turns, place.index);
        grow(&mut self.claims, call.index);
        *self.claims.get_mut(call.index as usize)? = Some((call, place));
        Some(place)
    }

    /// The slot to make an id for, with a turn that it never had before.
    pub(crate) fn next_slot(&mut self, place: Key) -> Option<Slot> {
        let turns = self.turns.get_mut(place.index as usize)?;
        let turn = *turns;
        *turns = turn.wrapping_add(1);
        Some(Slot {
            index: place.index,
            turn,
        })
    }

    /// Gives `call` its id; `false` when the id is live or retired.
    pub(crate) fn insert(&mut self, call: Key, place: Key, id: I, locate: Locate) -> bool {
        if matches!(self.find(&id, locate), Owner::Call(_)) {
            return false;
        }
        let mapped = locate != Locate::Slot(place.index);
        if mapped {
            self.map.insert(id.clone(), place);
        }
        if let Some(free) = self.places.get_mut(place) {
            *free = Some(Name { call, id, mapped });
        }
        true
    }

    pub(crate) fn id(&self, call: Key) -> Option<&I> {
        let claim = self.claims.get(call.index as usize)?;
        let (_, place) = claim.filter(|(claimant, _)| *claimant == call)?;
        self.name(place).map(|name| &name.id)
    }

    /// The id of `call` may be used again.
    pub(crate) fn release(&mut self, call: Key) {
        let Some(claim) = self.claims.get_mut(call.index as usize) else {
            return;
        };
        let Some((_, place)) = claim.take_if(|(claimant, _)| *claimant == call) else {
            return;
        };
        if let Some(Some(name)) = self.places.remove(place) {
            if name.mapped {
                self.map.remove(&name.id);
            }
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

    fn name(&self, place: Key) -> Option<&Name<I>> {
        self.places.get(place)?.as_ref()
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

    #[test]
    fn ids_that_carry_their_slot_need_no_map() {
        let mut directory = Directory::<u64, u64>::new();
        let place = directory.claim(A).unwrap();
        assert!(directory.insert(A, place, 70, Locate::Slot(0)));
        assert!(directory.map.is_empty());
        assert_eq!(directory.find(&70, Locate::Slot(0)), Owner::Call(A));
        assert_eq!(directory.find(&71, Locate::Slot(0)), Owner::Stray);
        directory.release(A);
        assert_eq!(directory.find(&70, Locate::Slot(0)), Owner::Stray);
    }

    #[test]
    fn a_live_id_is_refused_whichever_way_it_was_made() {
        let mut directory = Directory::<u64, u64>::new();
        let c = Key { index: 2, turn: 0 };
        let [a, b, d] = [A, B, c].map(|call| directory.claim(call).unwrap());
        assert!(directory.insert(A, a, 1, Locate::Slot(0)));
        assert!(!directory.insert(B, b, 1, Locate::Slot(0)));
        assert!(directory.insert(B, b, 9, Locate::Foreign));
        assert_eq!(directory.find(&9, Locate::Foreign), Owner::Call(B));
        assert!(!directory.insert(c, d, 9, Locate::Slot(2)));
        directory.release(Key { index: 1, turn: 7 });
        assert_eq!(directory.id(B), Some(&9));
        directory.release(B);
        assert_eq!(directory.find(&9, Locate::Foreign), Owner::Foreign);
        assert!(directory.map.is_empty());
    }

    #[test]
    fn slots_are_dense_whatever_the_calls_keys_are() {
        let mut directory = Directory::<u64, u64>::new();
        for index in [900, 17, 4000] {
            let call = Key { index, turn: 0 };
            let place = directory.claim(call).unwrap();
            assert_eq!(directory.next_slot(place).unwrap().index, 0);
            directory.release(call);
        }
        let place = directory.claim(A).unwrap();
        assert_eq!(directory.next_slot(place).unwrap().turn, 3);
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
