//! First-in first-out lists whose members can leave from the middle.

use super::arena::{Arena, Key, NONE};

#[derive(Debug)]
struct Node<T> {
    prev: u32,
    next: u32,
    value: T,
}

/// The two ends of one list in a [`Chains`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain {
    head: u32,
    tail: u32,
    len: usize,
}

impl Chain {
    pub(crate) const EMPTY: Self = Self {
        head: NONE,
        tail: NONE,
        len: 0,
    };

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The storage of any number of lists. Every operation is O(1) and nothing is
/// allocated once the high-water mark is reached.
#[derive(Debug)]
pub(crate) struct Chains<T> {
    nodes: Arena<Node<T>>,
}

impl<T> Chains<T> {
    pub(crate) const fn new() -> Self {
        Self {
            nodes: Arena::new(),
        }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        self.nodes.get(key).map(|node| &node.value)
    }

    /// The oldest member.
    pub(crate) fn front(&self, chain: &Chain) -> Option<Key> {
        self.nodes.key_at(chain.head)
    }

    /// The newest member.
    pub(crate) fn back(&self, chain: &Chain) -> Option<Key> {
        self.nodes.key_at(chain.tail)
    }

    /// The member that is one older than `key`.
    pub(crate) fn before(&self, key: Key) -> Option<Key> {
        self.nodes.key_at(self.nodes.get(key)?.prev)
    }

    pub(crate) fn push_back(&mut self, chain: &mut Chain, value: T) -> Result<Key, T> {
        let tail = self.nodes.key_at(chain.tail);
        self.insert_after(chain, tail, value)
    }

    /// Inserts behind `after`, or in front of all.
    pub(crate) fn insert_after(
        &mut self,
        chain: &mut Chain,
        after: Option<Key>,
        value: T,
    ) -> Result<Key, T> {
        let prev = after.map_or(NONE, |key| key.index);
        let next = match after {
            None => chain.head,
            Some(key) => self.nodes.get(key).map_or(NONE, |node| node.next),
        };
        let key = self
            .nodes
            .insert(Node { prev, next, value })
            .map_err(|node| node.value)?;
        self.set_next(chain, prev, key.index);
        self.set_prev(chain, next, key.index);
        chain.len += 1;
        Ok(key)
    }

    /// Takes a member of this chain out, wherever it stands.
    pub(crate) fn remove(&mut self, chain: &mut Chain, key: Key) -> Option<T> {
        let node = self.nodes.remove(key)?;
        self.set_next(chain, node.prev, node.next);
        self.set_prev(chain, node.next, node.prev);
        chain.len -= 1;
        Some(node.value)
    }

    pub(crate) fn pop_front(&mut self, chain: &mut Chain) -> Option<T> {
        let key = self.front(chain)?;
        self.remove(chain, key)
    }

    fn set_next(&mut self, chain: &mut Chain, index: u32, next: u32) {
        match self.nodes.key_at(index) {
            None => chain.head = next,
            Some(key) => {
                if let Some(node) = self.nodes.get_mut(key) {
                    node.next = next;
                }
            }
        }
    }

    fn set_prev(&mut self, chain: &mut Chain, index: u32, prev: u32) {
        match self.nodes.key_at(index) {
            None => chain.tail = prev,
            Some(key) => {
                if let Some(node) = self.nodes.get_mut(key) {
                    node.prev = prev;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(chains: &mut Chains<u32>, chain: &mut Chain) -> Vec<u32> {
        std::iter::from_fn(|| chains.pop_front(chain)).collect()
    }

    #[test]
    fn members_leave_from_the_middle_and_the_order_holds() {
        let (mut chains, mut chain) = (Chains::new(), Chain::EMPTY);
        let keys: Vec<_> = (0..5)
            .map(|n| chains.push_back(&mut chain, n).unwrap())
            .collect();
        assert_eq!(chains.remove(&mut chain, keys[2]), Some(2));
        assert_eq!(chains.remove(&mut chain, keys[2]), None);
        assert_eq!(chains.remove(&mut chain, keys[0]), Some(0));
        assert_eq!(chains.remove(&mut chain, keys[4]), Some(4));
        chains.push_back(&mut chain, 9).unwrap();
        assert_eq!(chain.len(), 3);
        assert_eq!(drain(&mut chains, &mut chain), [1, 3, 9]);
        assert!(chain.is_empty());
    }

    #[test]
    fn two_chains_share_their_storage_and_nothing_else() {
        let mut chains = Chains::new();
        let (mut a, mut b) = (Chain::EMPTY, Chain::EMPTY);
        for n in 0..3 {
            chains.push_back(&mut a, n).unwrap();
            chains.push_back(&mut b, n + 10).unwrap();
        }
        let front = chains.front(&a);
        chains.insert_after(&mut a, front, 7).unwrap();
        chains.insert_after(&mut b, None, 8).unwrap();
        assert_eq!(drain(&mut chains, &mut a), [0, 7, 1, 2]);
        assert_eq!(drain(&mut chains, &mut b), [8, 10, 11, 12]);
    }
}
