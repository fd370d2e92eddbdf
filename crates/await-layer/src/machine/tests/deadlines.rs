//! The deadline queue against a sorted vector.

use proptest::prelude::*;

use super::super::arena::Key;
use super::super::deadlines::Deadlines;

proptest! {
    #[test]
    fn the_deadline_queue_is_a_sorted_vector(
        ops in prop::collection::vec((0..4u8, 0..30u64, 0..50u64), 1..200),
    ) {
        let mut queue = Deadlines::new();
        let mut sorted: Vec<(u64, Key, Key)> = Vec::new();
        for (number, (op, timeout, at)) in (0u32..).zip(ops) {
            match op {
                0 | 1 => {
                    let owner = Key { index: number, turn: 0 };
                    let key = queue.insert(at, timeout, owner).unwrap();
                    sorted.push((at, key, owner));
                }
                2 if !sorted.is_empty() => {
                    let (_, key, _) = sorted.remove(timeout as usize % sorted.len());
                    queue.remove(key);
                    queue.remove(key);
                }
                _ => {
                    let mut due = Vec::new();
                    while let Some(owner) = queue.pop_due(at) {
                        due.push(owner);
                    }
                    due.sort();
                    let mut expected: Vec<Key> =
                        sorted.iter().filter(|d| d.0 <= at).map(|d| d.2).collect();
                    expected.sort();
                    sorted.retain(|d| d.0 > at);
                    prop_assert_eq!(due, expected);
                }
            }
            prop_assert_eq!(queue.next(), sorted.iter().map(|d| d.0).min());
        }
    }
}
