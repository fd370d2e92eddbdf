//! Where the ids of our calls stand: dense, and reused oldest-first.
//!
//! An arena of its own kind: a place is known before it is taken, since its
//! index and turn go into the id; and an id that turns out to be live is made
//! again, for another turn of the same place.

use super::arena::{Key, NONE, reserve};

// The turn stands in both, beside what is small: for `u64` ids 24 bytes.
#[derive(Debug)]
enum Place<I> {
    Free {
        turn: u32,
        next: u32,
    },
    Taken {
        turn: u32,
        /// The map has the id too.
        mapped: bool,
        call: Key,
        id: I,
    },
}

/// Ids, live or retired, and whose they are.
#[derive(Debug)]
pub(super) struct Places<I> {
    places: Vec<Place<I>>,
    /// The place that is taken next, and the one that is taken last.
    head: u32,
    tail: u32,
}

impl<I> Places<I> {
    pub(super) const fn new() -> Self {
        Self {
            places: Vec::new(),
            head: NONE,
            tail: NONE,
        }
    }

    /// The place that is taken next; `None` when all 2^32 - 1 are taken.
    pub(super) fn next(&mut self) -> Option<Key> {
        if self.head == NONE {
            self.grow();
        }
        match self.places.get(self.head as usize)? {
            Place::Free { turn, .. } => Some(Key {
                index: self.head,
                turn: *turn,
            }),
            Place::Taken { .. } => None,
        }
    }

    #[cold]
    fn grow(&mut self) {
        match u32::try_from(self.places.len()) {
            Ok(index) if index != NONE => (self.head, self.tail) = (index, index),
            _ => return,
        }
        reserve(&mut self.places);
        let (turn, next) = (0, NONE);
        self.places.push(Place::Free { turn, next });
    }

    /// Another turn of the place that is taken next.
    pub(super) fn renew(&mut self, key: Key) -> Key {
        let renewed = key.turn.wrapping_add(1);
        if let Some(Place::Free { turn, .. }) = self.places.get_mut(key.index as usize) {
            *turn = renewed;
        }
        Key {
            turn: renewed,
            ..key
        }
    }

    /// Takes the [`next`](Self::next) place.
    pub(super) fn take(&mut self, call: Key, id: I, mapped: bool) {
        if let Some(place) = self.places.get_mut(self.head as usize) {
            if let Place::Free { turn, next } = *place {
                self.head = next;
                *place = Place::Taken {
                    turn,
                    mapped,
                    call,
                    id,
                };
            }
        }
    }

    /// The place at `index`, if it is taken, with the call and its id.
    pub(super) fn at(&self, index: u32) -> Option<(Key, Key, &I)> {
        match self.places.get(index as usize)? {
            Place::Free { .. } => None,
            Place::Taken { turn, call, id, .. } => {
                let turn = *turn;
                Some((Key { index, turn }, *call, id))
            }
        }
    }

    /// Frees the place and returns the id that stood there, and whether the
    /// map has it too.
    pub(super) fn release(&mut self, key: Key) -> Option<(I, bool)> {
        let place = self.places.get_mut(key.index as usize)?;
        match place {
            Place::Taken { turn, .. } if *turn == key.turn => {}
            _ => return None,
        }
        let free = Place::Free {
            turn: key.turn.wrapping_add(1),
            next: NONE,
        };
        let Place::Taken { id, mapped, .. } = std::mem::replace(place, free) else {
            return None;
        };
        if self.head == NONE {
            self.head = key.index;
        } else if let Some(Place::Free { next, .. }) = self.places.get_mut(self.tail as usize) {
            *next = key.index;
        }
        self.tail = key.index;
        Some((id, mapped))
    }

    /// Whether the place was ever taken, or about to be.
    pub(super) fn was_used(&self, index: u32) -> bool {
        (index as usize) < self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Key = Key { index: 9, turn: 9 };

    fn take(places: &mut Places<u64>, id: u64) -> Key {
        let place = places.next().unwrap();
        places.take(CALL, id, false);
        place
    }

    #[test]
    fn a_place_that_is_used_again_has_another_turn() {
        let mut places = Places::new();
        for turn in [0, 2, 4] {
            let place = places.next().unwrap();
            assert_eq!(place, Key { index: 0, turn });
            let renewed = turn + 1;
            assert_eq!(places.renew(place).turn, renewed);
            let again = take(&mut places, 1);
            assert_eq!(again.turn, turn + 1);
            assert_eq!(places.release(place), None, "that turn is over");
            assert_eq!(places.at(0), Some((again, CALL, &1)));
            assert_eq!(places.release(again), Some((1, false)));
            assert_eq!(places.at(0), None);
        }
        assert!(places.was_used(0));
        assert!(!places.was_used(1));
    }

    #[test]
    fn the_place_free_for_longest_is_used_first() {
        let mut places = Places::new();
        let taken = [0; 4].map(|id| take(&mut places, id));
        for index in [2, 0, 3] {
            places.release(taken[index]).unwrap();
        }
        let reused = [0; 5].map(|id| take(&mut places, id).index);
        assert_eq!(reused, [2, 0, 3, 4, 5]);
    }
}
