//! Ids on messages and off.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use await_layer::{AwaitIdCodec, Head, JsonFrame, Pack, Peek, Refusal, SealError, TextId};
use serde_json::value::RawValue;

use super::envelope::Envelope;
use super::{Dialect, ErrorObject, Messages, Method, Outcome, Plain};
use crate::object;

/// Reads and writes the `id` of a message: a number of ours, and whatever the
/// peer uses, which goes back exactly as it came.
pub struct Codec<D = Plain> {
    /// The call that opens the connection, which is never withdrawn.
    handshake: Option<u64>,
    dialect: PhantomData<fn(D)>,
}

impl<D> Default for Codec<D> {
    fn default() -> Self {
        Self {
            handshake: None,
            dialect: PhantomData,
        }
    }
}

impl<D> fmt::Debug for Codec<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codec")
    }
}

/// The id that the field `key` of `params` holds.
fn named<'a>(params: Option<&'a RawValue>, key: &str) -> Option<&'a str> {
    let params = params?.get();
    // Owned: a name with an escape in it cannot be borrowed.
    let fields: HashMap<String, &RawValue> = serde_json::from_str(params).ok()?;
    fields.get(key).copied().map(RawValue::get)
}

/// The id of the request that the message withdraws, if it withdraws one.
pub(super) fn cancelled<'a, D: Dialect>(envelope: &Envelope<'a>) -> Option<&'a str> {
    let (cancel, key) = D::CANCEL?;
    let withdraws = envelope.id.is_none() && envelope.method.as_deref() == Some(cancel);
    named(envelope.params.filter(|_| withdraws), key)
}

/// Whether `frame` is a message for `method`.
fn calls(frame: &impl JsonFrame, method: &str) -> bool {
    let envelope = object::read::<Envelope<'_>>(frame);
    envelope.is_ok_and(|envelope| envelope.method.as_deref() == Some(method))
}

fn put(frame: &mut impl JsonFrame, id: &str) -> Result<(), SealError> {
    object::put_first(frame, &format!("\"id\":{id},"))
}

impl<F: JsonFrame, D: Dialect> AwaitIdCodec<F> for Codec<D> {
    type Id = u64;
    /// The id's JSON text.
    type Ask = TextId;

    fn peek(&mut self, frame: &F) -> Peek<u64, TextId> {
        let Ok(envelope) = object::read::<Envelope<'_>>(frame) else {
            return Peek::Other;
        };
        match (envelope.method.as_deref(), envelope.id()) {
            (Some(_), Some(id)) => Peek::Request(id.into()),
            (Some(method), None) => match D::CANCEL {
                Some((cancel, _)) if method == cancel => {
                    cancelled::<D>(&envelope).map_or(Peek::Skip, |id| Peek::Cancel(id.into()))
                }
                _ => Peek::Other,
            },
            // 7 is ours; "7", 7.0 and +7 are not.
            (None, Some(id)) => match id.parse() {
                Ok(ours) if id.starts_with(|first: char| first.is_ascii_digit()) => {
                    Peek::Reply(ours)
                }
                _ => Peek::Stray,
            },
            (None, None) => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut F, head: Head<'_, u64, TextId>) -> Result<(), SealError> {
        match head {
            Head::Request(id) => {
                // There is one: once it was seen no other is looked for.
                let handshake = D::HANDSHAKE.filter(|_| self.handshake.is_none());
                let handshake = handshake.is_some_and(|method| calls(frame, method));
                put(frame, &id.to_string())?;
                if handshake {
                    self.handshake = Some(*id);
                }
                Ok(())
            }
            Head::Reply(ask) => put(frame, ask.as_str()),
            Head::Part(_) => Err(SealError::new("no streamed replies: reply once")),
            Head::Plain => Ok(()),
        }
    }

    fn cancel(&mut self, id: &u64) -> Option<F> {
        let (method, key) = D::CANCEL.filter(|_| self.handshake != Some(*id))?;
        let params = serde_json::Map::from_iter([(key.to_owned(), (*id).into())]);
        Messages.pack(&Method(method, params)).ok()
    }

    fn refuse(&mut self, ask: &TextId, why: Refusal) -> Option<F> {
        let error = match why {
            Refusal::Busy => ErrorObject::new(-32000, "Too many requests: try again later"),
            Refusal::Cancelled => ErrorObject::new(D::CANCELLED, "Request cancelled"),
            // An answer would be taken for the first request's.
            Refusal::Duplicate => return None,
            _ => ErrorObject::new(-32603, "Nobody answered"),
        };
        let mut frame = Messages.pack(&Outcome::<()>::Err(error)).ok()?;
        put(&mut frame, ask.as_str()).ok()?;
        Some(frame)
    }

    fn answers_cancelled(&self) -> bool {
        D::ANSWERS_CANCELLED
    }

    fn size(frame: &F) -> usize {
        frame.json().map_or(0, <[u8]>::len)
    }
}
