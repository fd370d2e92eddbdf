//! The protocol that the suite speaks over any transport.

use std::fmt;

use await_layer::{
    AwaitIdCodec, Head, Pack, Packer, Peek, Protocol, Refusal, SealError, SlotIds, Unpack,
};

use super::Text;

/// A kind, an id, a blank and the body, as text.
pub(super) struct Wire<F>(pub(super) Text<F>);

impl<F> Wire<F> {
    fn parse<'a>(&self, frame: &'a F) -> Option<(u8, u64, &'a str)> {
        let text = std::str::from_utf8((self.0.read)(frame)?).ok()?;
        let (head, body) = text.split_once(' ')?;
        let kind = *head.as_bytes().first()?;
        Some((kind, head.get(1..)?.parse().ok()?, body))
    }

    fn write(&self, kind: u8, id: u64, body: &str) -> F {
        (self.0.make)(format!("{}{id} {body}", char::from(kind)))
    }
}

const PLAIN: u8 = b'm';
const REQUEST: u8 = b'q';
const REPLY: u8 = b'r';
const PART: u8 = b'p';
const END: u8 = b'e';
const REFUSAL: u8 = b'x';
const CANCEL: u8 = b'c';

/// A body without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextError {
    /// The peer refused the request, for this reason.
    Refused(String),
    /// The frame carries no text of this protocol.
    NotText,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "refused: {why}"),
            Self::NotText => f.write_str("the frame is not the suite's own"),
        }
    }
}

impl<F> Packer for Wire<F> {
    type Error = TextError;
}

impl<F> Pack<F, str> for Wire<F> {
    fn pack(&self, body: &str) -> Result<F, TextError> {
        Ok(self.write(PLAIN, 0, body))
    }
}

impl<F> Pack<F, String> for Wire<F> {
    fn pack(&self, body: &String) -> Result<F, TextError> {
        self.pack(body.as_str())
    }
}

impl<F> Unpack<F, String> for Wire<F> {
    fn unpack(&self, frame: F) -> Result<String, TextError> {
        match self.parse(&frame) {
            Some((REFUSAL, _, why)) => Err(TextError::Refused(why.to_owned())),
            Some((_, _, body)) => Ok(body.to_owned()),
            None => Err(TextError::NotText),
        }
    }
}

impl<F> AwaitIdCodec<F> for Wire<F> {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, frame: &F) -> Peek<u64, u64> {
        match self.parse(frame) {
            Some((PLAIN, _, _)) => Peek::Other,
            Some((REQUEST, id, _)) => Peek::Request(id),
            Some((REPLY | REFUSAL, id, _)) => Peek::Reply(id),
            Some((PART, id, _)) => Peek::Part(id),
            Some((END, id, _)) => Peek::End(id),
            Some((CANCEL, id, _)) => Peek::Cancel(id),
            _ => Peek::Skip,
        }
    }

    fn seal(&mut self, frame: &mut F, head: Head<'_, u64, u64>) -> Result<(), SealError> {
        let (kind, id) = match head {
            Head::Request(id) => (REQUEST, *id),
            Head::Reply(ask) => (REPLY, *ask),
            Head::Part(ask) => (PART, *ask),
            Head::Plain => return Ok(()),
        };
        let Some((_, _, body)) = self.parse(frame) else {
            return Err(SealError::new("the frame is not the suite's own"));
        };
        *frame = self.write(kind, id, body);
        Ok(())
    }

    fn cancel(&mut self, id: &u64) -> Option<F> {
        Some(self.write(CANCEL, *id, ""))
    }

    fn refuse(&mut self, ask: &u64, why: Refusal) -> Option<F> {
        Some(self.write(REFUSAL, *ask, &format!("{why:?}")))
    }

    fn end(&mut self, ask: &u64) -> Option<F> {
        Some(self.write(END, *ask, ""))
    }

    fn size(frame: &F) -> usize {
        size_of_val(frame)
    }
}

impl<F> Protocol for Wire<F> {
    type Frame = F;
    type Packer = Self;
    type Codec = Self;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Self, Self, SlotIds<u64>) {
        (Self(self.0), self, SlotIds::new())
    }
}
