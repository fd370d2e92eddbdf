//! Ids that are numbers and carry the slot.

use std::fmt;
use std::marker::PhantomData;

use crate::{IdGenerator, Locate, Slot};

/// Number ids that carry their slot, so that no map is kept: for `u64`,
/// `u32`, `i32` and `u16`. None is ever 0 or negative.
///
/// | `Id`  | calls and retired ids at once | uses of a slot before its ids repeat |
/// |-------|------------------------------:|-------------------------------------:|
/// | `u64` | 2^32                          | 2^32 - 1                             |
/// | `u32` | 2^20                          | 4095                                 |
/// | `i32` | 2^20                          | 2047                                 |
/// | `u16` | 2^12                          | 15                                   |
///
/// Beyond the first number there is no id to give. The last three are
/// [`narrow`](IdGenerator::narrow).
pub struct SlotIds<Id>(PhantomData<fn() -> Id>);

/// [`SlotIds`] for numbers that pass through JSON and JavaScript: `u64` below
/// 2^53 and never 0, for 2^24 calls at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonNumberIds;

/// How an id is divided: the turn above, the index below.
struct Layout {
    index_bits: u32,
    turn_bits: u32,
}

impl Layout {
    /// Leaves turn 0 out, so that no id is 0.
    fn id(&self, slot: Slot) -> Option<u64> {
        let index = u64::from(slot.index);
        let turns = !(u64::MAX << self.turn_bits);
        let turn = u64::from(slot.turn).checked_rem(turns)?.checked_add(1)?;
        (index >> self.index_bits == 0).then_some(turn << self.index_bits | index)
    }

    fn locate(&self, id: u64) -> Locate {
        let turn = id >> self.index_bits;
        if turn == 0 || turn >> self.turn_bits != 0 {
            return Locate::Foreign;
        }
        let index = id & !(u64::MAX << self.index_bits);
        u32::try_from(index).map_or(Locate::Foreign, Locate::Slot)
    }
}

impl<Id> SlotIds<Id> {
    /// The generator; it keeps nothing.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<Id> Clone for SlotIds<Id> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Id> Copy for SlotIds<Id> {}

impl<Id> Default for SlotIds<Id> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Id> fmt::Debug for SlotIds<Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlotIds")
    }
}

macro_rules! slot_ids {
    ($generator:ty, $id:ty, index $index:literal, turn $turn:literal, narrow $narrow:literal) => {
        impl $generator {
            const LAYOUT: Layout = Layout {
                index_bits: $index,
                turn_bits: $turn,
            };
        }

        impl IdGenerator for $generator {
            type Id = $id;

            fn next(&mut self, slot: Slot) -> Option<$id> {
                Self::LAYOUT.id(slot)?.try_into().ok()
            }

            fn locate(&self, id: &$id) -> Locate {
                u64::try_from(*id).map_or(Locate::Foreign, |id| Self::LAYOUT.locate(id))
            }

            fn narrow(&self) -> bool {
                $narrow
            }
        }
    };
}

slot_ids!(SlotIds<u64>, u64, index 32, turn 32, narrow false);
slot_ids!(JsonNumberIds, u64, index 24, turn 29, narrow false);
slot_ids!(SlotIds<u32>, u32, index 20, turn 12, narrow true);
slot_ids!(SlotIds<i32>, i32, index 20, turn 11, narrow true);
slot_ids!(SlotIds<u16>, u16, index 12, turn 4, narrow true);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::Hash;

    use super::*;

    fn check<G>(mut ids: G, capacity: u64, turns: u64, below: u64)
    where
        G: IdGenerator,
        G::Id: Copy + Hash + Eq + TryInto<u64>,
    {
        let mut number = |index, turn| {
            let id = ids.next(Slot { index, turn })?;
            assert_eq!(ids.locate(&id), Locate::Slot(index));
            let number = id.try_into().ok().expect("never negative");
            assert!(number != 0 && number < below);
            Some(number)
        };
        let last = u32::try_from(capacity - 1).unwrap();

        // Every slot of a stretch, both ends of the range, and many turns.
        let mut seen = HashSet::new();
        for index in (0..5000.min(last)).chain([last]) {
            for turn in [0, 1, 2, 14] {
                assert!(seen.insert(number(index, turn).unwrap()));
            }
        }
        number(last, u32::MAX).unwrap();

        // A slot's ids repeat after `turns`, not before, and neighbours differ.
        let first = number(3, 0).unwrap();
        for turn in 1..turns.min(5000) {
            assert_ne!(number(3, u32::try_from(turn).unwrap()), Some(first));
        }
        if let Ok(turn) = u32::try_from(turns) {
            assert_eq!(number(3, turn), Some(first));
        }

        // Beyond the capacity there is none to give.
        if let Some(beyond) = last.checked_add(1) {
            assert_eq!(number(beyond, 0), None);
            assert_eq!(number(u32::MAX, 0), None);
        }
    }

    #[test]
    fn ids_carry_their_slot_and_end_at_the_capacity() {
        const MAX32: u64 = u32::MAX as u64;
        check(SlotIds::<u64>::new(), MAX32 + 1, MAX32, u64::MAX);
        check(JsonNumberIds, 1 << 24, (1 << 29) - 1, 1 << 53);
        check(SlotIds::<u32>::new(), 1 << 20, 4095, 1 << 32);
        check(SlotIds::<i32>::new(), 1 << 20, 2047, 1 << 31);
        check(SlotIds::<u16>::new(), 1 << 12, 15, 1 << 16);
    }

    #[test]
    fn numbers_that_no_slot_has_are_foreign() {
        assert_eq!(SlotIds::<u64>::new().locate(&0), Locate::Foreign);
        assert_eq!(SlotIds::<u32>::new().locate(&0), Locate::Foreign);
        assert_eq!(SlotIds::<u16>::new().locate(&0x0fff), Locate::Foreign);
        for id in [i32::MIN, -1, 0, 1] {
            assert_eq!(SlotIds::<i32>::new().locate(&id), Locate::Foreign);
        }
        for id in [0, 1, 1 << 53, u64::MAX] {
            assert_eq!(JsonNumberIds.locate(&id), Locate::Foreign);
        }
    }

    #[test]
    fn every_u16_is_located_or_foreign() {
        let ids = SlotIds::<u16>::new();
        let ours = (0..=u16::MAX).filter(|id| ids.locate(id) != Locate::Foreign);
        assert_eq!(ours.count(), 15 << 12);
    }
}
