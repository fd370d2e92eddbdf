//! Arrays of messages, taken apart and put together below the layer.

mod array;
mod open;

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use await_layer::{Flow, JsonFrame, Stage};

use self::array::{Array, MAX_MESSAGES};
use self::open::Open;
use super::codec::cancelled;
use super::envelope::Envelope;
use super::{Dialect, Plain};
use crate::object;

/// What answers an array that is not taken apart: it has nothing in it, or too
/// much.
fn invalid(why: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","error":{{"code":-32600,"message":"Invalid Request{why}"}},"id":null}}"#
    )
}

/// Delivers each message of an array by itself, and answers the requests of
/// one array with one array, as JSON-RPC wants it.
///
/// Put it below the layer with [`Staged`](await_layer::Staged). Our own
/// requests leave one by one, which every server understands.
///
/// `D` is the [`Dialect`] of the layer above: where a request that was withdrawn
/// is not answered, no array waits for its answer.
///
/// # Limits
///
/// An array of more than 1,000 messages is not taken apart: the peer gets one
/// error, -32600 with no id, and the layer nothing.
///
/// Each answer leaves, and leaves once, but not always in the one array that
/// the specification says it should be in:
///
/// * The answers to more than 256 requests leave one by one.
/// * Answers wait for the slowest of their array, up to 512 KiB of them on a
///   connection ([`max_bytes`](Self::max_bytes)). Beyond that those that are
///   there leave as one array, those of the array that has the most of them
///   first; the rest follow in further arrays, or alone if they are too large.
/// * Sixteen arrays may be incomplete. With the next one the oldest makes room:
///   what is there leaves as one array, the rest one by one.
///
/// An answer may also never come: a request beyond
/// [`max_requests`](await_layer::Limits::max_requests) gets not even a refusal
/// while the peer does not read. Then the others wait until one of these limits
/// is met, for a stage has no clock. A peer with a timeout for its requests
/// loses no more than it would have.
pub struct Batches<F, D = Plain> {
    open: Open,
    types: PhantomData<fn(F, D)>,
}

impl<F> Batches<F> {
    /// For JSON-RPC as its specification has it.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<F, D> Batches<F, D> {
    /// Bytes of answers that wait for others, at most, on this connection; so
    /// no array of answers is larger. Ids that are awaited count too, and 128
    /// bytes for each of either.
    ///
    /// Not more than the largest message that the transport below takes, or
    /// that the peer does: arrays are put together below whatever checks the
    /// size of an answer, and one too large ends the connection. With 0 all
    /// answers leave one by one. Default 512 KiB: half of what our adapters let
    /// through.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.open.max_bytes = bytes;
        self
    }
}

impl<F, D> Default for Batches<F, D> {
    fn default() -> Self {
        Self {
            open: Open::default(),
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
    /// Delivers what came in no array.
    fn single(&mut self, frame: F, out: &mut Flow<F, F>) {
        if !D::ANSWERS_CANCELLED && self.open.len() > 0 {
            let envelope = object::read(&frame).ok();
            if let Some(id) = envelope.and_then(|it| silenced::<D>(&it)) {
                self.open.withdraw(id, out);
            }
        }
        out.deliver(frame);
    }

    /// What `message` asks to be answered, unless that is awaited already: of
    /// two requests with one id the second is not answered.
    fn awaited(&self, envelope: &Envelope<'_>) -> Option<String> {
        let id = envelope.id().filter(|_| envelope.method.is_some())?;
        (!self.open.awaits(id)).then(|| id.to_owned())
    }
}

impl<F: JsonFrame, D: Dialect> Stage for Batches<F, D> {
    type Wire = F;
    type Frame = F;
    type Error = Infallible;

    fn read(&mut self, wire: F, out: &mut Flow<F, F>) -> Result<(), Infallible> {
        let messages = match wire.json().map(serde_json::from_slice) {
            Some(Ok(Array::Messages(messages))) => messages,
            Some(Ok(Array::TooLong)) => {
                let why = format!(": more than {MAX_MESSAGES} messages in one array");
                out.write(F::from_json(invalid(&why)));
                return Ok(());
            }
            _ => {
                self.single(wire, out);
                return Ok(());
            }
        };
        if messages.is_empty() {
            out.write(F::from_json(invalid("")));
        }
        let mut awaited = HashSet::new();
        for message in messages {
            let frame = F::from_json(message.get().to_owned());
            if let Ok(envelope) = object::read(&frame) {
                if let Some(id) = silenced::<D>(&envelope) {
                    awaited.remove(id);
                    self.open.withdraw(id, out);
                }
                awaited.extend(self.awaited(&envelope));
            }
            out.deliver(frame);
        }
        self.open.admit(awaited, out);
        Ok(())
    }

    fn write(&mut self, frame: F, out: &mut Flow<F, F>) -> Result<(), Infallible> {
        let envelope: Option<Envelope<'_>> = object::read(&frame).ok();
        let answered = envelope.filter(|it| it.method.is_none());
        let answered = answered.and_then(|it| it.id());
        match answered.and_then(|id| self.open.waiting_for(id)) {
            Some(place) => self.open.answer(place, frame, out),
            None => out.write(frame),
        }
        Ok(())
    }
}
