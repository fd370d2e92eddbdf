//! Ids on messages and off.

use await_layer::{AwaitIdCodec, Head, Peek, Refusal, SealError, TextId};
use serde_json::value::to_raw_value;

use super::{ErrorObject, Kind, Message};

/// Reads and writes the id of a [`Message`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Codec;

impl AwaitIdCodec<Message> for Codec {
    type Id = TextId;
    type Ask = TextId;

    fn peek(&mut self, message: &Message) -> Peek<TextId, TextId> {
        let Some(id) = message.id.clone() else {
            return Peek::Other;
        };
        match message.kind {
            Kind::Subscribe => Peek::Request(id),
            Kind::Next if message.single => Peek::Reply(id),
            Kind::Next => Peek::Part(id),
            Kind::Error => Peek::Reply(id),
            Kind::Complete => Peek::End(id),
            Kind::Cancel => Peek::Cancel(id),
            _ => Peek::Other,
        }
    }

    fn seal(
        &mut self,
        message: &mut Message,
        head: Head<'_, TextId, TextId>,
    ) -> Result<(), SealError> {
        let id = match (head, message.kind) {
            (Head::Request(id), Kind::Subscribe) => id,
            (Head::Reply(ask), Kind::Error) => ask,
            (Head::Reply(ask), Kind::Next) => {
                message.single = true;
                ask
            }
            (Head::Part(ask), Kind::Next) => ask,
            (Head::Plain, Kind::Ping) => return Ok(()),
            (Head::Request(_), _) => return Err(SealError::new("call an Operation")),
            (Head::Reply(_), _) => return Err(SealError::new("reply with an Outcome")),
            (Head::Part(_), _) => return Err(SealError::new("errors end a stream: reply them")),
            (Head::Plain, _) => return Err(SealError::new("send a Ping only")),
        };
        message.id = Some(id.clone());
        Ok(())
    }

    fn strip(&mut self, message: &mut Message) {
        message.id = None;
    }

    fn cancel(&mut self, id: &TextId) -> Option<Message> {
        Some(Message::of(Kind::Cancel, id))
    }

    fn refuse(&mut self, ask: &TextId, why: Refusal) -> Option<Message> {
        let error = match why {
            Refusal::Busy => "Too many operations: try again later",
            // An answer would be taken for the first one's.
            Refusal::Duplicate | Refusal::Cancelled => return None,
            _ => "Nobody answered",
        };
        let mut message = Message::of(Kind::Error, ask);
        message.payload = Some(to_raw_value(&[ErrorObject::new(error)]).ok()?);
        Some(message)
    }

    fn end(&mut self, ask: &TextId) -> Option<Message> {
        Some(Message::of(Kind::Complete, ask))
    }

    fn answers_cancelled(&self) -> bool {
        false
    }

    fn size(message: &Message) -> usize {
        let id = message.id.as_ref().map_or(0, |id| id.as_bytes().len());
        message.payload().map_or(0, str::len).saturating_add(id)
    }
}
