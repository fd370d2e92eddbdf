//! Arrays of messages, taken apart and put together below the layer.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use await_layer::{Flow, JsonFrame, Stage};
use serde_json::value::RawValue;

use super::codec::cancelled;
use super::envelope::Envelope;
use super::{Dialect, Plain};
use crate::object;

/// Batches of the peer's whose answers are incomplete, at most: a peer that
/// abandons them must not make us remember them all. The answers to further
/// ones leave one by one.
const MAX_OPEN: usize = 16;

/// Requests of one array, at most, whose answers leave together: as many as a
/// connection takes at once. Of more some get no answer, not even a refusal,
/// and the others would wait for it.
const MAX_AWAITED: usize = 256;

/// What the specification wants answered to an array with nothing in it.
const EMPTY: &str =
    r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}"#;

/// Delivers each message of an array by itself, and answers the requests of
/// one array with one array, as JSON-RPC wants it.
///
/// Put it below the layer with [`Staged`](await_layer::Staged). Our own
/// requests leave one by one, which every server understands. So do the answers
/// to an array of more than 256 requests.
///
/// `D` is the [`Dialect`] of the layer above: where a request that was withdrawn
/// is not answered, no array waits for its answer.
pub struct Batches<F, D = Plain> {
    open: Vec<Batch>,
    types: PhantomData<fn(F, D)>,
}

/// An array whose requests are not all answered yet.
struct Batch {
    /// The ids, as they came, that still want an answer.
    awaited: HashSet<String>,
    /// The answers so far, with commas between them.
    answers: String,
}

impl<F> Batches<F> {
    /// For JSON-RPC as its specification has it.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<F, D> Default for Batches<F, D> {
    fn default() -> Self {
        Self {
            open: Vec::new(),
            types: PhantomData,
        }
    }
}

/// Prints no payload.
impl<F, D> fmt::Debug for Batches<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}

/// The id of the request that will have no answer because of this message.
fn silenced<'a, D: Dialect>(envelope: &Envelope<'a>) -> Option<&'a str> {
    cancelled::<D>(envelope).filter(|_| !D::ANSWERS_CANCELLED)
}

impl<F: JsonFrame, D: Dialect> Batches<F, D> {
    /// The batch that waits for the answer to `id`, which it then does no more.
    fn waiting_for(&mut self, id: &str) -> Option<usize> {
        let mut open = self.open.iter_mut();
        open.position(|batch| batch.awaited.remove(id))
    }

    /// What `message` asks to be answered, unless that is awaited already: of
    /// two requests with one id the second is not answered.
    fn awaited(&self, envelope: &Envelope<'_>) -> Option<String> {
        let id = envelope.id().filter(|_| envelope.method.is_some())?;
        let known = self.open.iter().any(|batch| batch.awaited.contains(id));
        (!known).then(|| id.to_owned())
    }

    /// Writes the answers to a batch that waits for no more.
    fn complete(&mut self, place: usize, out: &mut Flow<F, F>) {
        let complete = |batch: &mut Batch| batch.awaited.is_empty();
        if self.open.get_mut(place).is_some_and(complete) {
            let mut batch = self.open.swap_remove(place);
            if !batch.answers.is_empty() {
                batch.answers.push(']');
                out.write(F::from_json(batch.answers));
            }
        }
    }

    /// Waits no more for the answer to what is withdrawn.
    fn withdraw(&mut self, id: &str, out: &mut Flow<F, F>) {
        if let Some(place) = self.waiting_for(id) {
            self.complete(place, out);
        }
    }
}

impl<F: JsonFrame, D: Dialect> Stage for Batches<F, D> {
    type Wire = F;
    type Frame = F;
    type Error = Infallible;

    fn read(&mut self, wire: F, out: &mut Flow<F, F>) -> Result<(), Infallible> {
        let messages: Vec<&RawValue> = match wire.json().map(serde_json::from_slice) {
            Some(Ok(messages)) => messages,
            _ => {
                if !D::ANSWERS_CANCELLED && !self.open.is_empty() {
                    let id = object::read(&wire).ok();
                    if let Some(id) = id.and_then(|it| silenced::<D>(&it)) {
                        self.withdraw(id, out);
                    }
                }
                out.deliver(wire);
                return Ok(());
            }
        };
        if messages.is_empty() {
            out.write(F::from_json(EMPTY.to_owned()));
        }
        let mut awaited = HashSet::new();
        for message in messages {
            let frame = F::from_json(message.get().to_owned());
            if let Ok(envelope) = object::read(&frame) {
                if let Some(id) = silenced::<D>(&envelope) {
                    awaited.remove(id);
                    self.withdraw(id, out);
                }
                awaited.extend(self.awaited(&envelope));
            }
            out.deliver(frame);
        }
        if (1..=MAX_AWAITED).contains(&awaited.len()) && self.open.len() < MAX_OPEN {
            let answers = String::new();
            self.open.push(Batch { awaited, answers });
        }
        Ok(())
    }

    fn write(&mut self, frame: F, out: &mut Flow<F, F>) -> Result<(), Infallible> {
        let envelope: Option<Envelope<'_>> = object::read(&frame).ok();
        let answered = envelope.filter(|it| it.method.is_none());
        let answered = answered.and_then(|it| it.id());
        let Some(place) = answered.and_then(|id| self.waiting_for(id)) else {
            out.write(frame);
            return Ok(());
        };
        let answer = frame.json().and_then(|json| std::str::from_utf8(json).ok());
        if let (Some(batch), Some(answer)) = (self.open.get_mut(place), answer) {
            batch
                .answers
                .push(if batch.answers.is_empty() { '[' } else { ',' });
            batch.answers.push_str(answer);
        }
        self.complete(place, out);
        Ok(())
    }
}
