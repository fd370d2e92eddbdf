//! Ids on messages and off.

use await_layer::{AwaitIdCodec, Head, Pack, Peek, Refusal, SealError};
use bytes::Bytes;
use rmp::decode::{read_array_len, read_int};

use super::{Messages, Outcome};

pub(super) const REQUEST: u8 = 0;
pub(super) const REPLY: u8 = 1;
pub(super) const NOTIFICATION: u8 = 2;

/// Reads and writes the second item of a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Codec;

/// A message's kind, its id if there is one that fits, and the rest: method and
/// params, or error and result. `None` for what is no message.
pub(super) fn open(mut message: &[u8]) -> Option<(u8, Option<u32>, &[u8])> {
    let items = read_array_len(&mut message).ok()?;
    let kind = read_int(&mut message).ok()?;
    match (kind, items) {
        (REQUEST | REPLY, 4) => {
            let id = read_int(&mut message).ok();
            Some((kind, id, message))
        }
        (NOTIFICATION, 3) => Some((kind, None, message)),
        _ => None,
    }
}

impl AwaitIdCodec<Bytes> for Codec {
    type Id = u32;
    type Ask = u32;

    fn peek(&mut self, frame: &Bytes) -> Peek<u32, u32> {
        match open(frame) {
            Some((REQUEST, Some(ask), _)) => Peek::Request(ask),
            Some((REPLY, Some(id), _)) => Peek::Reply(id),
            Some((REPLY, None, _)) => Peek::Stray,
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut Bytes, head: Head<'_, u32, u32>) -> Result<(), SealError> {
        let Some((packed, _, rest)) = open(frame) else {
            return Err(SealError::new("no message: pack a Method or an Outcome"));
        };
        let (kind, id) = match (head, packed) {
            (Head::Plain, NOTIFICATION) => return Ok(()),
            (Head::Request(id), NOTIFICATION) => (REQUEST, *id),
            (Head::Reply(ask), REPLY) => (REPLY, *ask),
            (Head::Part(_), _) => return Err(SealError::new("no streamed replies: reply once")),
            (Head::Reply(_), _) => return Err(SealError::new("no answer: pack an Outcome")),
            _ => return Err(SealError::new("no call and no notification: pack a Method")),
        };
        let [a, b, c, d] = id.to_be_bytes();
        *frame = [&[0x94, kind, 0xce, a, b, c, d], rest].concat().into();
        Ok(())
    }

    fn refuse(&mut self, ask: &u32, why: Refusal) -> Option<Bytes> {
        let error = match why {
            Refusal::Busy => "too many requests: try again later",
            // An answer would be taken for the first request's.
            Refusal::Duplicate => return None,
            _ => "nobody answered",
        };
        let mut frame = Messages.pack(&Outcome::<(), _>::Err(error)).ok()?;
        self.seal(&mut frame, Head::Reply(ask)).ok()?;
        Some(frame)
    }

    fn size(frame: &Bytes) -> usize {
        frame.len()
    }
}
