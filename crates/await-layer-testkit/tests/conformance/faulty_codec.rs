//! A sound wire, and one fault in it.

use std::convert::Infallible;

use await_layer::{
    AwaitIdCodec, Head, Pack, Packer, Peek, Protocol, Refusal, SealError, SlotIds, Unpack,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    RequestLooksPlain,
    ReplyHasAnotherId,
    StripLeavesTheId,
    PlainIsMarked,
    RefusedSealDamages,
    RefusalIsPlain,
    CancelNamesAnother,
    EndIsReply,
    ShortFramePanics,
}

/// `<kind><id>:<body>`; a body without a colon in front is plain.
#[derive(Clone, Copy)]
pub(crate) struct Wire(pub(crate) Fault);

impl Wire {
    fn parse(self, frame: &str) -> Option<(u8, u64)> {
        if self.0 == Fault::ShortFramePanics && frame.starts_with('q') {
            let _ = frame.as_bytes()[1];
        }
        let (head, _) = frame.split_once(':')?;
        let kind = *head.as_bytes().first()?;
        Some((kind, head.get(1..)?.parse().ok()?))
    }
}

impl Packer for Wire {
    type Error = Infallible;
}

impl Pack<String, String> for Wire {
    fn pack(&self, value: &String) -> Result<String, Infallible> {
        Ok(value.clone())
    }
}

impl Unpack<String, String> for Wire {
    fn unpack(&self, frame: String) -> Result<String, Infallible> {
        Ok(frame)
    }
}

impl AwaitIdCodec<String> for Wire {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, frame: &String) -> Peek<u64, u64> {
        match self.parse(frame) {
            Some((b'q', _)) if self.0 == Fault::RequestLooksPlain => Peek::Other,
            Some((b'q', id)) => Peek::Request(id),
            Some((b'r', id)) if self.0 == Fault::ReplyHasAnotherId => Peek::Reply(id + 1),
            Some((b'x', _)) if self.0 == Fault::RefusalIsPlain => Peek::Other,
            Some((b'r' | b'x', id)) => Peek::Reply(id),
            Some((b'p', id)) => Peek::Part(id),
            Some((b'e', id)) if self.0 == Fault::EndIsReply => Peek::Reply(id),
            Some((b'e', id)) => Peek::End(id),
            Some((b'c', id)) if self.0 == Fault::CancelNamesAnother => Peek::Cancel(id + 1),
            Some((b'c', id)) => Peek::Cancel(id),
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut String, head: Head<'_, u64, u64>) -> Result<(), SealError> {
        let head = match head {
            Head::Request(id) => format!("q{id}:"),
            Head::Reply(ask) => format!("r{ask}:"),
            Head::Part(ask) => format!("p{ask}:"),
            Head::Plain if self.0 == Fault::PlainIsMarked => "m".to_owned(),
            Head::Plain => return Ok(()),
        };
        if frame.contains(':') {
            if self.0 == Fault::RefusedSealDamages {
                frame.clear();
            }
            return Err(SealError::new("the body has a colon: leave it out"));
        }
        frame.insert_str(0, &head);
        Ok(())
    }

    fn strip(&mut self, frame: &mut String) {
        if self.0 == Fault::StripLeavesTheId {
            return;
        }
        if let (Some(_), Some(colon)) = (self.parse(frame), frame.find(':')) {
            frame.drain(..=colon);
        }
    }

    fn cancel(&mut self, id: &u64) -> Option<String> {
        Some(format!("c{id}:"))
    }

    fn refuse(&mut self, ask: &u64, why: Refusal) -> Option<String> {
        Some(format!("x{ask}:{why:?}"))
    }

    fn end(&mut self, ask: &u64) -> Option<String> {
        Some(format!("e{ask}:"))
    }

    fn size(frame: &String) -> usize {
        frame.len()
    }
}

impl Protocol for Wire {
    type Frame = String;
    type Packer = Self;
    type Codec = Self;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Self, Self, SlotIds<u64>) {
        (self, self, SlotIds::new())
    }
}
