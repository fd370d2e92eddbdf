//! Names to keys: whose id is this?
//!
//! Owned by the driver, because looking up runs the user's `Hash` and `Eq`,
//! which must never happen under a lock. Ours and theirs are apart: the same
//! number may be live in both directions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::arena::Key;
use crate::id::Locate;

/// Whom an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Call(Key),
    /// Ours by its looks, and not live: late, duplicate or forged.
    Stray,
    Foreign,
}

#[derive(Debug)]
struct Name<I> {
    turn: u32,
    id: I,
    mapped: bool,
}

/// One slot index: how many ids were made for it, and the live one.
#[derive(Debug)]
struct Place<I> {
    turns: u32,
    name: Option<Name<I>>,
}

/// The live ids of one connection.
pub(crate) struct Directory<I, A> {
    /// By slot index.
    places: Vec<Place<I>>,
    /// The ids that do not carry their slot, and those callers chose.
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
            places: Vec::new(),
            map: HashMap::new(),
            asks: HashMap::new(),
            ask_names: Vec::new(),
        }
    }

    /// Whose `id` is, given what its generator reads in it.
    pub(crate) fn find(&self, id: &I, locate: Locate) -> Owner {
        if let Locate::Slot(index) = locate {
            if let Some(name) = self.name(index) {
                if name.id == *id {
                    let turn = name.turn;
                    return Owner::Call(Key { index, turn });
                }
            }
        }
        if !self.map.is_empty() {
            if let Some(call) = self.map.get(id) {
                return Owner::Call(*call);
            }
        }
        match locate {
            Locate::Foreign => Owner::Foreign,
            Locate::Slot(_) | Locate::Map => Owner::Stray,
        }
    }

    /// Gives `call` its id; `false` when the id is live or retired.
    pub(crate) fn insert(&mut self, call: Key, id: I, locate: Locate) -> bool {
        if matches!(self.find(&id, locate), Owner::Call(_)) {
            return false;
        }
        let mapped = locate != Locate::Slot(call.index);
        if mapped {
            self.map.insert(id.clone(), call);
        }
        let turn = call.turn;
        self.place(call.index).name = Some(Name { turn, id, mapped });
        true
    }

    /// A number that no id of this slot was made with before.
    pub(crate) fn next_turn(&mut self, index: u32) -> u32 {
        let place = self.place(index);
        let turn = place.turns;
        place.turns = turn.wrapping_add(1);
        turn
    }

    pub(crate) fn id(&self, call: Key) -> Option<&I> {
        let name = self.name(call.index)?;
        (name.turn == call.turn).then_some(&name.id)
    }

    /// The id of `call` may be used again.
    pub(crate) fn release(&mut self, call: Key) {
        let Some(place) = self.places.get_mut(call.index as usize) else {
            return;
        };
        if place
            .name
            .as_ref()
            .is_some_and(|name| name.turn == call.turn)
        {
            if let Some(name) = place.name.take() {
                if name.mapped {
                    self.map.remove(&name.id);
                }
            }
        }
    }

    pub(crate) fn ask(&self, ask: &A) -> Option<Key> {
        self.asks.get(ask).copied()
    }

    /// Notes a request; the caller has checked that its name is not live.
    pub(crate) fn insert_ask(&mut self, key: Key, ask: A) {
        if let Entry::Vacant(vacant) = self.asks.entry(ask) {
            let index = key.index as usize;
            if self.ask_names.len() <= index {
                self.ask_names.resize_with(index + 1, || None);
            }
            if let Some(place) = self.ask_names.get_mut(index) {
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

    fn name(&self, index: u32) -> Option<&Name<I>> {
        self.places.get(index as usize)?.name.as_ref()
    }

    /// Slot indices are dense and bounded by the calls of our own making.
    fn place(&mut self, index: u32) -> &mut Place<I> {
        let index = index as usize;
        while self.places.len() <= index {
            self.places.push(Place {
                turns: 0,
                name: None,
            });
        }
        &mut self.places[index]
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
        assert!(directory.insert(A, 70, Locate::Slot(0)));
        assert!(directory.map.is_empty());
        assert_eq!(directory.find(&70, Locate::Slot(0)), Owner::Call(A));
        assert_eq!(directory.find(&71, Locate::Slot(0)), Owner::Stray);
        directory.release(A);
        assert_eq!(directory.find(&70, Locate::Slot(0)), Owner::Stray);
    }

    #[test]
    fn a_live_id_is_refused_whichever_way_it_was_made() {
        let mut directory = Directory::<u64, u64>::new();
        assert!(directory.insert(A, 1, Locate::Slot(0)));
        assert!(!directory.insert(B, 1, Locate::Slot(0)));
        assert!(directory.insert(B, 9, Locate::Foreign));
        assert_eq!(directory.find(&9, Locate::Foreign), Owner::Call(B));
        assert!(!directory.insert(Key { index: 2, turn: 0 }, 9, Locate::Slot(2)));
        directory.release(Key { index: 1, turn: 7 });
        assert_eq!(directory.id(B), Some(&9));
        directory.release(B);
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
