//! Arrays of messages, taken apart and put together below the layer.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use await_layer::{Flow, JsonFrame, Stage};
use serde_json::value::RawValue;

use super::envelope::Envelope;
use crate::object;

/// Batches of the peer's whose answers are incomplete, at most: a peer that
/// abandons them must not make us remember them all. The answers to further
/// ones leave one by one.
const MAX_OPEN: usize = 16;

/// What the specification wants answered to an array with nothing in it.
const EMPTY: &str =
    r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}"#;

/// Delivers each message of an array by itself, and answers the requests of
/// one array with one array, as JSON-RPC wants it.
///
/// Put it below the layer with [`Staged`](await_layer::Staged). Our own
/// requests leave one by one, which every server understands.
pub struct Batches<F> {
    open: Vec<Batch>,
    frame: PhantomData<fn(F)>,
}

/// An array whose requests are not all answered yet.
struct Batch {
    /// The ids, as they came, that still want an answer.
    awaited: Vec<String>,
    /// The answers so far, with commas between them.
    answers: String,
}

impl<F> Default for Batches<F> {
    fn default() -> Self {
        Self {
            open: Vec::new(),
            frame: PhantomData,
        }
    }
}

/// Prints no payload.
impl<F> fmt::Debug for Batches<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}

impl<F: JsonFrame> Batches<F> {
    /// The batch that waits for the answer that `frame` is.
    fn waiting_for(&mut self, frame: &F) -> Option<usize> {
        let envelope: Envelope<'_> = object::read(frame).ok()?;
        let id = envelope.id().filter(|_| envelope.method.is_none())?;
        self.open.iter_mut().position(|batch| {
            let place = batch.awaited.iter().position(|awaited| awaited == id);
            place
                .map(|place| batch.awaited.swap_remove(place))
                .is_some()
        })
    }
}

impl<F: JsonFrame> Stage for Batches<F> {
    type Wire = F;
    type Frame = F;
    type Error = Infallible;

    fn read(&mut self, wire: F, out: &mut Flow<F, F>) -> Result<(), Infallible> {
        let messages: Vec<&RawValue> = match wire.json().map(serde_json::from_slice) {
            Some(Ok(messages)) => messages,
            _ => {
                out.deliver(wire);
                return Ok(());
            }
        };
        if messages.is_empty() {
            out.write(F::from_json(EMPTY.to_owned()));
        }
        let mut awaited = Vec::new();
        for message in messages {
            let frame = F::from_json(message.get().to_owned());
            let envelope: Option<Envelope<'_>> = object::read(&frame).ok();
            if let Some(id) = envelope
                .filter(|it| it.method.is_some())
                .and_then(|it| it.id())
            {
                awaited.push(id.to_owned());
            }
            out.deliver(frame);
        }
        if !awaited.is_empty() && self.open.len() < MAX_OPEN {
            let answers = String::new();
            self.open.push(Batch { awaited, answers });
        }
        Ok(())
    }

    fn write(&mut self, frame: F, out: &mut Flow<F, F>) -> Result<(), Infallible> {
        let Some(place) = self.waiting_for(&frame) else {
            out.write(frame);
            return Ok(());
        };
        let answer = frame.json().and_then(|json| std::str::from_utf8(json).ok());
        if let (Some(batch), Some(answer)) = (self.open.get_mut(place), answer) {
            batch
                .answers
                .push(if batch.answers.is_empty() { '[' } else { ',' });
            batch.answers.push_str(answer);
            if batch.awaited.is_empty() {
                let mut batch = self.open.swap_remove(place);
                batch.answers.push(']');
                out.write(F::from_json(batch.answers));
            }
        }
        Ok(())
    }
}
