//! Message ids on operations and off.

use std::hash::{Hash, Hasher};

use await_layer::{AwaitIdCodec, Head, Pack, Peek, Refusal, SealError};
use bytes::Bytes;

use super::ber::{self, Ber, INTEGER, SEQUENCE, Values};
use super::{Operation, Operations, Outcome, tag};

/// The ids of messages that get no answer end below this; those of calls begin
/// here, since [`SlotIds`](await_layer::SlotIds) of 31 bits carry a count that
/// is never 0 above 20 bits.
pub(super) const FIRST_OF_CALLS: i32 = 1 << 20;

/// Reads and writes the message id.
#[derive(Debug)]
pub struct Codec {
    unanswered: i32,
}

/// What a reply goes by. Equal by id: an abandon names no more.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    id: i32,
    tag: u8,
}

impl PartialEq for Ask {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Ask {}

impl Hash for Ask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// A message, taken apart.
pub(super) struct Message<'a> {
    id: i32,
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) controls: Option<&'a [u8]>,
}

/// `None` of what is no message.
pub(super) fn read(frame: &[u8]) -> Option<Message<'_>> {
    let mut outer = Values::new(frame);
    let mut values = outer.nested(SEQUENCE)?;
    let id = values.integer(INTEGER)?;
    let (tag, content) = values.any()?;
    let controls = values.bytes(tag::CONTROLS);
    (outer.is_empty() && values.is_empty() && id >= 0).then_some(Message {
        id,
        tag,
        content,
        controls,
    })
}

impl Codec {
    pub(super) fn new() -> Self {
        Self { unanswered: 0 }
    }

    /// The id for a message that gets no answer.
    fn unanswered(&mut self) -> i32 {
        self.unanswered = (self.unanswered % (FIRST_OF_CALLS - 1)).saturating_add(1);
        self.unanswered
    }
}

/// A whole message.
fn message(id: i32, operation: &[u8]) -> Bytes {
    let mut content = Ber::new().integer(INTEGER, id);
    content.0.extend_from_slice(operation);
    Ber::new().nested(SEQUENCE, &content).0.into()
}

impl AwaitIdCodec<Bytes> for Codec {
    type Id = i32;
    type Ask = Ask;

    fn peek(&mut self, frame: &Bytes) -> Peek<i32, Ask> {
        let Some(Message {
            id, tag, content, ..
        }) = read(frame)
        else {
            return Peek::Other;
        };
        match tag {
            // Notices, and what no client that counts from 1 asks for.
            _ if id == 0 => Peek::Other,
            _ if tag::is_part(tag) => Peek::Part(id),
            _ if tag::is_result(tag) => Peek::Reply(id),
            tag::ABANDON => match ber::integer(content) {
                Some(id) => Peek::Cancel(Ask { id, tag }),
                None => Peek::Skip,
            },
            _ if tag::answer(tag).is_some() => Peek::Request(Ask { id, tag }),
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut Bytes, head: Head<'_, i32, Ask>) -> Result<(), SealError> {
        let tag = frame.first().copied().unwrap_or_default();
        let answered = tag::answer(tag).is_some();
        let id = match head {
            Head::Request(id) if answered && *id > 0 => *id,
            Head::Request(id) if answered => {
                let why = format!("the id {id} is not above 0: choose another");
                return Err(SealError::new(why));
            }
            Head::Part(ask) if tag::is_part(tag) => ask.id,
            Head::Reply(ask) if tag::is_result(tag) => {
                let mut operation = frame.to_vec();
                if let (Some(first), Some(tag)) = (operation.first_mut(), tag::answer(ask.tag)) {
                    *first = tag;
                }
                *frame = message(ask.id, &operation);
                return Ok(());
            }
            Head::Plain if tag == tag::UNBIND => self.unanswered(),
            // A notice of a server's.
            Head::Plain if tag == tag::EXTENDED_DONE => 0,
            _ => {
                let why = "call a request, send an unbind or a notice, reply with a result, and \
                           before it with what was found";
                return Err(SealError::new(why));
            }
        };
        *frame = message(id, frame);
        Ok(())
    }

    fn cancel(&mut self, id: &i32) -> Option<Bytes> {
        let operation = Ber::new().integer(tag::ABANDON, *id);
        Some(message(self.unanswered(), operation.as_bytes()))
    }

    fn refuse(&mut self, ask: &Ask, why: Refusal) -> Option<Bytes> {
        let outcome = match why {
            Refusal::Busy => Outcome::new(51, "too many requests: try again later"),
            Refusal::Dropped => Outcome::new(80, "nobody answered"),
            // An answer would be taken for the first request's, or is not wanted.
            _ => return None,
        };
        let operation = Operation {
            tag: tag::answer(ask.tag)?,
            ..outcome.operation()
        };
        let frame: Bytes = Operations.pack(&operation).ok()?;
        Some(message(ask.id, &frame))
    }

    /// What was abandoned is not answered any more.
    fn answers_cancelled(&self) -> bool {
        false
    }

    fn size(frame: &Bytes) -> usize {
        frame.len()
    }
}
