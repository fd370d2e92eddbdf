//! Slots with generations, reused oldest-first.

/// No index.
pub(crate) const NONE: u32 = u32::MAX;

/// Names one occupancy of a slot: a later occupant of the same index has
/// another turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) index: u32,
    pub(crate) turn: u32,
}

impl Key {
    /// A key that no arena ever gives out.
    pub(crate) const NULL: Self = Self {
        index: NONE,
        turn: 0,
    };
}

#[derive(Debug)]
struct Entry<T> {
    turn: u32,
    next_free: u32,
    value: Option<T>,
}

/// A growable array of slots. Inserting, reading and removing are O(1); the
/// slot that has been free longest is used next, so that a stale key has the
/// longest possible time to be recognised.
#[derive(Debug)]
pub(crate) struct Arena<T> {
    entries: Vec<Entry<T>>,
    free_head: u32,
    free_tail: u32,
    len: usize,
}

impl<T> Arena<T> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            free_head: NONE,
            free_tail: NONE,
            len: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts `value` into the slot that has been free longest; gives it back
    /// when all 2^32 - 1 indices are taken.
    #[inline]
    pub(crate) fn insert(&mut self, value: T) -> Result<Key, T> {
        if self.free_head == NONE {
            let index = match u32::try_from(self.entries.len()) {
                Ok(index) if index != NONE => index,
                _ => return Err(value),
            };
            reserve(&mut self.entries);
            self.entries.push(Entry {
                turn: 0,
                next_free: NONE,
                value: Some(value),
            });
            self.len += 1;
            return Ok(Key { index, turn: 0 });
        }
        let index = self.free_head;
        let Some(entry) = self.entries.get_mut(index as usize) else {
            return Err(value);
        };
        self.free_head = entry.next_free;
        if self.free_head == NONE {
            self.free_tail = NONE;
        }
        entry.next_free = NONE;
        entry.value = Some(value);
        self.len += 1;
        Ok(Key {
            index,
            turn: entry.turn,
        })
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        let entry = self.entries.get(key.index as usize)?;
        if entry.turn == key.turn {
            entry.value.as_ref()
        } else {
            None
        }
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let entry = self.entries.get_mut(key.index as usize)?;
        if entry.turn == key.turn {
            entry.value.as_mut()
        } else {
            None
        }
    }

    /// Empties the slot. A key that is not live is `None`, never a panic.
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        let entry = self.entries.get_mut(key.index as usize)?;
        if entry.turn != key.turn {
            return None;
        }
        let value = entry.value.take()?;
        entry.turn = entry.turn.wrapping_add(1);
        self.is_free(key);
        Some(value)
    }

    /// Empties the slot where it stands: for what is costly to move.
    pub(crate) fn clear(&mut self, key: Key) {
        let Some(entry) = self.entries.get_mut(key.index as usize) else {
            return;
        };
        if entry.turn == key.turn && entry.value.is_some() {
            entry.value = None;
            entry.turn = entry.turn.wrapping_add(1);
            self.is_free(key);
        }
    }

    fn is_free(&mut self, key: Key) {
        match self.entries.get_mut(self.free_tail as usize) {
            Some(tail) => tail.next_free = key.index,
            None => self.free_head = key.index,
        }
        self.free_tail = key.index;
        self.len -= 1;
    }

    /// The live key at `index`.
    pub(crate) fn key_at(&self, index: u32) -> Option<Key> {
        let entry = self.entries.get(index as usize)?;
        entry.value.as_ref().map(|_| Key {
            index,
            turn: entry.turn,
        })
    }

    /// Whoever lives at `index` now.
    pub(crate) fn at_mut(&mut self, index: u32) -> Option<&mut T> {
        self.entries.get_mut(index as usize)?.value.as_mut()
    }

    /// All live keys, by index.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        (0..)
            .zip(&self.entries)
            .filter(|(_, entry)| entry.value.is_some())
            .map(|(index, entry)| Key {
                index,
                turn: entry.turn,
            })
    }
}

/// Makes room for one more. Beyond a thousand it grows by an eighth and not to
/// twice its size: what a million calls hold is then what they need.
pub(crate) fn reserve<T>(entries: &mut Vec<T>) {
    let len = entries.len();
    if len == entries.capacity() && len >= 1024 {
        entries.reserve_exact(len / 8);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_slot_free_for_longest_is_used_first() {
        let mut arena = Arena::new();
        let keys: Vec<_> = (0..4).map(|n| arena.insert(n).unwrap()).collect();
        for index in [2, 0, 3] {
            arena.remove(keys[index]).unwrap();
        }
        let reused: Vec<_> = (0..4).map(|n| arena.insert(n).unwrap().index).collect();
        assert_eq!(reused, [2, 0, 3, 4]);
        assert_eq!(arena.keys().count(), 5);
    }

    proptest! {
        #[test]
        fn the_arena_is_a_queue_of_free_places(
            ops in prop::collection::vec((0..4u8, any::<prop::sample::Index>()), 1..200),
        ) {
            let (mut arena, mut places) = (Arena::new(), 0);
            let (mut free, mut live, mut stale) = (VecDeque::new(), Vec::new(), Vec::new());
            for (number, (op, which)) in ops.into_iter().enumerate() {
                match op {
                    0 | 1 => {
                        let key = arena.insert(number).unwrap();
                        let expected = free.pop_front().unwrap_or_else(|| {
                            places += 1;
                            places - 1
                        });
                        prop_assert_eq!(key.index, expected);
                        live.push((key, number));
                    }
                    2 if !live.is_empty() => {
                        let (key, value) = live.swap_remove(which.index(live.len()));
                        if number % 2 == 0 {
                            prop_assert_eq!(arena.remove(key), Some(value));
                        } else {
                            arena.clear(key);
                        }
                        free.push_back(key.index);
                        stale.push(key);
                    }
                    _ if !stale.is_empty() => {
                        let key = stale[which.index(stale.len())];
                        prop_assert_eq!(arena.remove(key), None);
                        arena.clear(key);
                    }
                    _ => {}
                }
                for key in &stale {
                    prop_assert_eq!(arena.get(*key), None);
                    prop_assert_eq!(arena.get_mut(*key), None);
                }
                for (key, value) in &mut live {
                    prop_assert_eq!(arena.get(*key), Some(&*value));
                    prop_assert_eq!(arena.get_mut(*key), Some(&mut *value));
                    prop_assert_eq!(arena.key_at(key.index), Some(*key));
                    prop_assert_eq!(arena.at_mut(key.index), Some(value));
                }
                live.sort();
                prop_assert!(arena.keys().eq(live.iter().map(|(key, _)| *key)));
                prop_assert_eq!(arena.len(), live.len());
            }
        }
    }

    #[test]
    fn what_is_large_grows_by_an_eighth() {
        let (mut entries, mut grown) = (Vec::new(), 0);
        for n in 0..20_000 {
            let before = entries.capacity();
            reserve(&mut entries);
            entries.push(n);
            grown += usize::from(entries.capacity() != before);
            assert!(n < 1024 || entries.capacity() <= entries.len() + entries.len() / 8);
        }
        assert!(grown < 50, "grown {grown} times");
    }
}
