//! The deadline queue against a sorted vector.

use proptest::prelude::*;

use super::super::deadlines::{Deadline, Deadlines, Timed};

impl Timed for Vec<Deadline> {
    fn deadline(&mut self, index: u32) -> Option<&mut Deadline> {
        self.get_mut(index as usize)
    }
}

proptest! {
    #[test]
    fn the_deadline_queue_is_a_sorted_vector(
        ops in prop::collection::vec((0..5u8, 0..30u64, 0..1000u64), 1..200),
    ) {
        let mut queue = Deadlines::new(0);
        let mut slots = Vec::new();
        let mut sorted: Vec<(u64, u32)> = Vec::new();
        for (number, (op, which, at)) in (0u32..).zip(ops) {
            match op {
                0..3 => {
                    slots.resize(number as usize + 1, Deadline::NONE);
                    queue.insert(&mut slots, number, at);
                    sorted.push((at, number));
                }
                3 if !sorted.is_empty() => {
                    let (_, index) = sorted.remove(which as usize % sorted.len());
                    queue.remove(&mut slots, index);
                    queue.remove(&mut slots, index);
                }
                _ => {
                    // Few at a time: many lanes are needed only if many are there.
                    let (mut due, at) = (Vec::new(), at / 20);
                    while let Some(owner) = queue.pop_due(&mut slots, at) {
                        due.push(owner);
                    }
                    due.sort();
                    let mut expected: Vec<u32> =
                        sorted.iter().filter(|d| d.0 <= at).map(|d| d.1).collect();
                    expected.sort();
                    sorted.retain(|d| d.0 > at);
                    prop_assert_eq!(due, expected);
                }
            }
            queue.check(&mut slots);
            prop_assert_eq!(queue.next(&mut slots), sorted.iter().map(|d| d.0).min());
        }
    }
}

#[test]
fn as_many_timeouts_as_lanes_need_no_sorting() {
    let mut queue = Deadlines::new(0);
    let mut slots = vec![Deadline::NONE; 800];
    for start in 0..100 {
        for timeout in 0..8 {
            let index = start * 8 + timeout;
            queue.insert(&mut slots, index, u64::from(start + timeout * 1000));
        }
    }
    assert!(queue.all_in_lanes());
    queue.insert(&mut slots, 0, u64::MAX);
    assert_eq!(queue.next(&mut slots), Some(0));
}

#[test]
fn deadlines_fall_due_wherever_the_clock_counts_from() {
    for now in [0, 1_800_000_000_000_000_000, u64::MAX - 10] {
        let mut queue = Deadlines::new(now);
        let mut slots = vec![Deadline::NONE; 2];
        queue.insert(&mut slots, 0, now + 5);
        queue.insert(&mut slots, 1, now + 3);
        assert_eq!(queue.next(&mut slots), Some(now + 3));
        assert_eq!(queue.pop_due(&mut slots, now + 2), None);
        assert_eq!(queue.pop_due(&mut slots, now + 5), Some(1));
        assert_eq!(queue.pop_due(&mut slots, now + 5), Some(0));
        assert_eq!(queue.pop_due(&mut slots, u64::MAX), None);
    }
}

#[test]
fn a_deadline_may_be_decades_away_and_not_more() {
    const YEAR: u64 = 365 * 24 * 3_600_000_000_000;
    let mut queue = Deadlines::new(YEAR);
    let mut slots = vec![Deadline::NONE; 2];
    queue.insert(&mut slots, 0, 38 * YEAR);
    assert_eq!(queue.next(&mut slots), None);
    queue.insert(&mut slots, 1, 36 * YEAR);
    assert_eq!(queue.next(&mut slots), Some(36 * YEAR));
}
