//! A call that is dropped at any poll: in the queue, written, or answered and
//! not taken.

use await_layer::Limits;
use await_layer_testkit::rng::Rng;
use await_layer_testkit::words::{Kind, Word};

use crate::rig::{Asked, Rig, Task, proof, rig};
use crate::{scaled, shown};

const VICTIM: u64 = 0;
const NEIGHBOURS: u64 = 3;

/// One run of a schedule; the victim is dropped after so many of its polls.
struct Run {
    rig: Rig,
    rng: Rng,
    victim: Option<Task<Asked>>,
    polls: usize,
    neighbours: Vec<Task<Asked>>,
    outcomes: Vec<Option<u64>>,
    unanswered: Vec<Word>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let rig = rig(Limits {
            max_in_flight: 2,
            ..Limits::default()
        });
        rig.remote.allow(0);
        let ask = |number| Task::new(rig.handle.send_await::<Word>(&Word::new(number)));
        let victim = Some(ask(VICTIM));
        let neighbours: Vec<_> = (1..=NEIGHBOURS).map(ask).collect();
        Self {
            rng: Rng::new(seed),
            victim,
            polls: 0,
            outcomes: vec![None; neighbours.len()],
            neighbours,
            unanswered: Vec::new(),
            rig,
        }
    }

    /// What the schedule has come next.
    fn step(&mut self, drop_after: usize) {
        match self.rng.below(6) {
            0 | 1 => self.poll_victim(drop_after),
            2 | 3 => {
                let which = self.rng.below(self.neighbours.len());
                self.poll_neighbour(which);
            }
            4 => self.rig.remote.allow(1),
            _ => {
                self.unanswered.extend(self.rig.remote.take_written());
                if !self.unanswered.is_empty() {
                    let which = self.rng.below(self.unanswered.len());
                    let word = self.unanswered.swap_remove(which);
                    self.answer(&word);
                }
            }
        }
    }

    fn answer(&self, word: &Word) {
        if word.kind == Kind::Request {
            self.rig.remote.feed(word.reply(proof(word.number)));
        }
    }

    fn poll_victim(&mut self, drop_after: usize) {
        if self.polls >= drop_after {
            self.victim = None;
        }
        let Some(victim) = &mut self.victim else {
            return;
        };
        self.polls += 1;
        if let Some(outcome) = victim.turn() {
            assert_eq!(outcome.expect("a reply").number, proof(VICTIM));
            self.victim = None;
        }
    }

    fn poll_neighbour(&mut self, which: usize) {
        if self.outcomes[which].is_some() {
            return;
        }
        if let Some(outcome) = self.neighbours[which].turn() {
            self.outcomes[which] = Some(outcome.expect("a reply").number);
        }
    }

    /// Lets everything through and checks that only the victim is missing.
    fn settle(mut self, when: &str) {
        self.victim = None;
        self.rig.remote.allow_all();
        let mut driver = Task::new(self.rig.handle.driver());
        for _ in 0..20 {
            assert!(driver.run().is_none());
            for word in std::mem::take(&mut self.unanswered) {
                self.answer(&word);
            }
            self.unanswered = self.rig.remote.take_written();
            for which in 0..self.neighbours.len() {
                self.poll_neighbour(which);
            }
        }
        let theirs: Vec<_> = (1..=NEIGHBOURS).map(|number| Some(proof(number))).collect();
        assert_eq!(self.outcomes, theirs, "{when}");
        assert_eq!(self.rig.handle.in_flight(), 0, "{when}");
        assert_eq!(self.rig.handle.close_reason(), None, "{when}");
        // The next calls get their own replies, whatever slots they are given.
        for number in 100..110 {
            let mut next = Task::new(self.rig.handle.send_await::<Word>(&Word::new(number)));
            assert!(next.run().is_none(), "{when}");
            assert!(driver.run().is_none());
            for word in self.rig.remote.take_written() {
                self.answer(&word);
            }
            assert!(driver.run().is_none());
            let reply = next.run().expect("answered").expect("a reply");
            assert_eq!(reply.number, proof(number), "{when}");
        }
    }
}

#[test]
fn f06_a_call_may_be_dropped_after_any_of_its_polls() {
    const STEPS: usize = 120;
    let schedules = scaled(3000, 300);
    let mut drops = 0;
    for seed in 0..schedules as u64 {
        for drop_after in 0.. {
            let mut run = Run::new(seed);
            for _ in 0..STEPS {
                run.step(drop_after);
            }
            drops += 1;
            let every_poll_was_tried = run.polls < drop_after;
            run.settle(&format!("schedule {seed}, dropped after poll {drop_after}"));
            if every_poll_was_tried {
                break;
            }
        }
    }
    shown!(
        "F6",
        "{drops} runs of {schedules} schedules, the call dropped after each of its polls: \
         neighbours and successors have their own replies, in flight 0"
    );
}
