//! The arrays whose requests are not all answered, and the answers so far.

use std::collections::{HashSet, VecDeque};
use std::mem;

use await_layer::{Flow, JsonFrame};

/// Batches whose answers are incomplete, at most: a peer may abandon them, and
/// an answer may be lost. For the next one the oldest is given up.
const MAX_OPEN: usize = 16;

/// Requests of one array, at most, whose answers leave together: as many as a
/// connection takes at once by default. Most of the others are refused, and if
/// the peer does not read not even that.
const MAX_AWAITED: usize = 256;

/// Charged for an id or an answer on top of its bytes: what its place costs.
const OVERHEAD: usize = 128;

/// What the answers and the ids of all open batches may cost.
///
/// Half of what our adapters let through as one message: an array of answers
/// must not be too large where each of them is not.
const MAX_BYTES: usize = 512 << 10;

pub(super) struct Open {
    /// The oldest first.
    batches: VecDeque<Batch>,
    pub(super) max_bytes: usize,
}

/// An array whose requests are not all answered yet.
struct Batch {
    /// The ids, as they came, that still want an answer, and their cost.
    awaited: HashSet<String>,
    ids: usize,
    /// The answers that have not left, and their cost. They are copies: a frame
    /// may take more memory than its text.
    answers: Vec<Box<str>>,
    held: usize,
}

impl Default for Open {
    fn default() -> Self {
        Self {
            batches: VecDeque::new(),
            max_bytes: MAX_BYTES,
        }
    }
}

fn cost(text: &str) -> usize {
    text.len().saturating_add(OVERHEAD)
}

fn sum(costs: impl Iterator<Item = usize>) -> usize {
    costs.fold(0, usize::saturating_add)
}

fn text(frame: &impl JsonFrame) -> Option<&str> {
    frame.json().and_then(|json| std::str::from_utf8(json).ok())
}

impl Batch {
    /// Writes the answers that are there as one array, if there are any.
    fn flush<F: JsonFrame>(&mut self, out: &mut Flow<F, F>) {
        // Its commas and brackets are less than the overhead.
        let mut array = String::with_capacity(mem::take(&mut self.held));
        for answer in mem::take(&mut self.answers) {
            array.push(if array.is_empty() { '[' } else { ',' });
            array.push_str(&answer);
        }
        if !array.is_empty() {
            array.push(']');
            out.write(F::from_json(array));
        }
    }
}

impl Open {
    pub(super) fn len(&self) -> usize {
        self.batches.len()
    }

    /// Whether a batch waits for the answer to `id`.
    pub(super) fn awaits(&self, id: &str) -> bool {
        self.batches.iter().any(|batch| batch.awaited.contains(id))
    }

    /// The batch that waits for the answer to `id`, which it then does no more.
    pub(super) fn waiting_for(&mut self, id: &str) -> Option<usize> {
        let mut batches = self.batches.iter_mut();
        let place = batches.position(|batch| batch.awaited.remove(id))?;
        let batch = self.batches.get_mut(place)?;
        batch.ids = batch.ids.saturating_sub(cost(id));
        Some(place)
    }

    /// From now on the answers to these leave together, unless they are too
    /// many or too large.
    pub(super) fn admit<F: JsonFrame>(&mut self, awaited: HashSet<String>, out: &mut Flow<F, F>) {
        let ids = sum(awaited.iter().map(|id| cost(id)));
        if !(1..=MAX_AWAITED).contains(&awaited.len()) || ids > self.max_bytes {
            return;
        }
        while self.batches.len() >= MAX_OPEN || !self.make_room(ids, out) {
            let Some(mut oldest) = self.batches.pop_front() else {
                return;
            };
            oldest.flush(out);
        }
        self.batches.push_back(Batch {
            awaited,
            ids,
            answers: Vec::new(),
            held: 0,
        });
    }

    /// Waits no more for the answer to what is withdrawn.
    pub(super) fn withdraw<F: JsonFrame>(&mut self, id: &str, out: &mut Flow<F, F>) {
        if let Some(place) = self.waiting_for(id) {
            self.complete(place, out);
        }
    }

    /// Keeps an answer until the others of the batch at `place` are there, or
    /// writes it if it does not fit.
    pub(super) fn answer<F: JsonFrame>(&mut self, place: usize, frame: F, out: &mut Flow<F, F>) {
        match text(&frame).filter(|it| self.make_room(cost(it), out)) {
            Some(answer) => {
                if let Some(batch) = self.batches.get_mut(place) {
                    batch.held = batch.held.saturating_add(cost(answer));
                    batch.answers.push(answer.into());
                }
            }
            None => out.write(frame),
        }
        self.complete(place, out);
    }

    /// Writes answers, the most that one batch has first, until this fits.
    /// Whether it does, as only ids are left otherwise.
    fn make_room<F: JsonFrame>(&mut self, bytes: usize, out: &mut Flow<F, F>) -> bool {
        let ids = sum(self.batches.iter().map(|batch| batch.ids));
        let kept = ids.saturating_add(bytes);
        if kept > self.max_bytes {
            return false;
        }
        while kept.saturating_add(sum(self.batches.iter().map(|it| it.held))) > self.max_bytes {
            match self.batches.iter_mut().max_by_key(|batch| batch.held) {
                Some(largest) => largest.flush(out),
                None => return false,
            }
        }
        true
    }

    /// Writes the answers to a batch that waits for no more.
    fn complete<F: JsonFrame>(&mut self, place: usize, out: &mut Flow<F, F>) {
        let complete = |batch: &Batch| batch.awaited.is_empty();
        if self.batches.get(place).is_some_and(complete) {
            if let Some(mut batch) = self.batches.remove(place) {
                batch.flush(out);
            }
        }
    }
}
