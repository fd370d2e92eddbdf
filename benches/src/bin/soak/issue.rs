//! Which call is made next, and how it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use await_layer_testkit::rng::Rng;
use futures::FutureExt;
use tokio::time::timeout;

use crate::dial::IN_FLIGHT;
use crate::end::Side;
use crate::letter::{Letter, Wish};
use crate::line::Role;
use crate::shared::{Alive, Shared};
use crate::tally::{Outcome, add};

/// Of calls that the peer answers. One that reaches it is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

const LARGEST: u32 = 64 << 10;

// Of all draws. A batch is one draw and some 17 calls, hence a little more than
// one in a hundred.
const LOST: f64 = 0.011;
const CANCELLED: f64 = 0.011;
/// Dropped about when the reply comes.
const RACED: f64 = 0.011;
/// A streamed reply; a batch where the wire has none.
const PARTS: f64 = 0.05;
const BATCH: f64 = 0.006;

/// Makes the calls of one line.
pub(crate) struct Issue {
    pub(crate) line: u32,
    pub(crate) role: Role,
    pub(crate) number: u64,
    pub(crate) rng: Rng,
    pub(crate) shared: Arc<Shared>,
    pub(crate) alive: Alive,
}

impl Issue {
    /// Makes what is next, which was due at `due`; returns how many calls that
    /// is.
    pub(crate) fn next(&mut self, side: &Side, due: Instant) -> u32 {
        if self.shared.tally.in_flight() >= self.shared.most {
            add(&self.shared.tally.skipped, 1);
            return 1;
        }
        let mut draw = self.rng.below(1_000_000) as f64 / 1e6;
        let mut is = |chance: f64| {
            draw -= chance;
            draw < 0.0
        };
        if is(LOST) {
            let within = self.millis(100, 400);
            let letter = self.letter(Wish::Silence);
            add(&self.shared.tally.lost, 1);
            self.watch(side.end.ask(letter, within), None, false);
        } else if is(CANCELLED) {
            let after = self.millis(0, 20);
            self.drop_after(side, Wish::Hold, after);
        } else if is(RACED) {
            let (wish, after) = (self.reply(), self.millis(0, 3));
            self.drop_after(side, wish, after);
        } else if is(PARTS) {
            if !self.role.kind.has_parts() {
                return self.batch(side, due);
            }
            let wish = Wish::Parts(1 + self.rng.below(8) as u16, self.size());
            let letter = self.letter(wish);
            self.watch(side.end.ask_parts(letter, PATIENCE), Some(due), true);
        } else if is(BATCH) {
            return self.batch(side, due);
        } else {
            let wish = self.reply();
            let letter = self.letter(wish);
            self.watch(side.end.ask(letter, PATIENCE), Some(due), true);
        }
        1
    }

    /// As many calls at once as there may be, and some of the largest, so that
    /// tables and buffers reach their size before anything is measured.
    pub(crate) fn fill(&mut self, side: &Side) {
        for _ in 0..IN_FLIGHT {
            let letter = self.letter(Wish::Hold);
            let call = side.end.ask(letter, Duration::from_millis(500));
            self.watch(call, None, false);
        }
        for _ in 0..8 {
            let letter = Letter {
                size: LARGEST,
                ..self.letter(Wish::Reply(LARGEST))
            };
            self.watch(side.end.ask(letter, PATIENCE), None, true);
        }
    }

    /// Sees the call to its end. `due` is given where its time is measured.
    fn watch(
        &self,
        call: impl Future<Output = Outcome> + Send + 'static,
        due: Option<Instant>,
        answered: bool,
    ) {
        let measured = due.filter(|_| self.role.is_measured());
        let (shared, alive) = (self.shared.clone(), self.alive.clone());
        shared.tally.begin(1);
        tokio::spawn(async move {
            let outcome = call.await;
            shared.tally.end(outcome, measured, answered);
            drop(alive);
        });
    }

    fn batch(&mut self, side: &Side, due: Instant) -> u32 {
        let calls = 2 + self.rng.below(31) as u32;
        let letters = (0..calls).map(|_| {
            let wish = self.reply();
            self.letter(wish)
        });
        let all = side.end.ask_all(letters.collect(), PATIENCE);
        let measured = Some(due).filter(|_| self.role.is_measured());
        let (shared, alive) = (self.shared.clone(), self.alive.clone());
        shared.tally.begin(calls.into());
        tokio::spawn(async move {
            for outcome in all.await {
                shared.tally.end(outcome, measured, true);
            }
            drop(alive);
        });
        calls
    }

    fn drop_after(&mut self, side: &Side, wish: Wish, after: Duration) {
        let letter = self.letter(wish);
        let call = timeout(after, side.end.ask(letter, PATIENCE));
        let call = call.map(|outcome| outcome.unwrap_or(Outcome::Cancelled));
        self.watch(call, None, true);
    }

    fn letter(&mut self, wish: Wish) -> Letter {
        self.number += 1;
        Letter {
            line: self.line,
            number: self.number,
            part: 0,
            wish,
            size: self.size(),
        }
    }

    fn reply(&mut self) -> Wish {
        Wish::Reply(self.size())
    }

    /// From 64 bytes to 4 KiB, each doubling as likely as the next; one in a
    /// thousand has 64 KiB.
    fn size(&mut self) -> u32 {
        if self.rng.below(1000) == 0 {
            return LARGEST;
        }
        let doubled = 64_u32 << self.rng.below(6);
        doubled + self.rng.below(doubled as usize + 1) as u32
    }

    fn millis(&mut self, least: usize, most: usize) -> Duration {
        let micros = least * 1000 + self.rng.below((most - least) * 1000);
        Duration::from_micros(micros as u64)
    }
}
