//! The protocols: a kind byte and a number in front, wide or narrow, and the
//! ws-await wire, which does not tell a reply from a request.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use await_layer::{
    AwaitIdCodec, Head, IdGenerator, Json, Locate, Pack, Packer, Peek, Protocol, Refusal,
    SealError, Slot, SlotIds, TextId, Unpack, WsAwait,
};
use bytes::Bytes;

use crate::body::Body;

const HEADER: usize = 5;
const PLAIN: u8 = 0;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const REFUSAL: u8 = 3;
const CANCEL: u8 = 4;

pub(crate) type IdOf<P> = <<P as Protocol>::Codec as AwaitIdCodec<Bytes>>::Id;

/// A protocol that the simulation can read along with.
pub(crate) trait Wire:
    Protocol<
        Frame = Bytes,
        Packer: Packer<Error: fmt::Debug> + Pack<Bytes, Body> + Unpack<Bytes, Body>,
    > + Default
    + 'static
{
    /// What a frame on the link says; `None` for cancels and refusals.
    fn read(frame: &Bytes) -> Option<Body>;

    /// An id of a caller's own choosing, one of a few.
    fn chosen(n: usize) -> IdOf<Self>;

    /// Whether an error of the packer's is the peer's refusal.
    const REFUSES: bool;
}

impl Wire for WsAwait<Bytes> {
    fn read(frame: &Bytes) -> Option<Body> {
        serde_json::from_slice(frame).ok()
    }

    fn chosen(n: usize) -> TextId {
        TextId::from(format!("chosen{n}"))
    }

    const REFUSES: bool = false;
}

/// A kind byte, four bytes of id, the body as JSON.
pub(crate) struct Numbered<Id>(PhantomData<Id>);

impl<Id> Default for Numbered<Id> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<Id: Number> Protocol for Numbered<Id> {
    type Frame = Bytes;
    type Packer = Headed;
    type Codec = Self;
    type Ids = Id::Ids;

    fn into_parts(self) -> (Headed, Self, Id::Ids) {
        (Headed, self, Id::Ids::default())
    }
}

impl<Id: Number> Wire for Numbered<Id> {
    fn read(frame: &Bytes) -> Option<Body> {
        serde_json::from_slice(frame.get(HEADER..)?).ok()
    }

    fn chosen(n: usize) -> Id {
        // No slot in use has it.
        Id::narrow(60_000 + u32::try_from(n).expect("few"))
    }

    const REFUSES: bool = true;
}

pub(crate) trait Number: Copy + Eq + Hash + 'static {
    type Ids: IdGenerator<Id = Self> + Default;

    fn wide(self) -> u32;
    fn narrow(number: u32) -> Self;
}

impl Number for u32 {
    type Ids = SlotIds<Self>;

    fn wide(self) -> u32 {
        self
    }

    fn narrow(number: u32) -> Self {
        number
    }
}

impl Number for u16 {
    type Ids = TwoTurns;

    fn wide(self) -> u32 {
        self.into()
    }

    fn narrow(number: u32) -> Self {
        Self::try_from(number).expect("sealed from a u16")
    }
}

/// Each slot has two ids: one that is used too soon meets its old reply.
#[derive(Default)]
pub(crate) struct TwoTurns;

impl IdGenerator for TwoTurns {
    type Id = u16;

    fn next(&mut self, slot: Slot) -> Option<u16> {
        u16::try_from(slot.index << 1 | slot.turn & 1).ok()
    }

    fn locate(&self, id: &u16) -> Locate {
        Locate::Slot(u32::from(*id) >> 1)
    }

    fn narrow(&self) -> bool {
        true
    }
}

fn headed(kind: u8, id: u32, body: &[u8]) -> Bytes {
    [&[kind], &id.to_be_bytes()[..], body].concat().into()
}

impl<Id: Number> AwaitIdCodec<Bytes> for Numbered<Id> {
    type Id = Id;
    type Ask = u32;

    fn peek(&mut self, frame: &Bytes) -> Peek<Id, u32> {
        let Some((&[kind, a, b, c, d], _)) = frame.split_first_chunk::<HEADER>() else {
            return Peek::Skip;
        };
        let id = u32::from_be_bytes([a, b, c, d]);
        match kind {
            PLAIN => Peek::Other,
            REQUEST => Peek::Request(id),
            REPLY | REFUSAL => Peek::Reply(Id::narrow(id)),
            CANCEL => Peek::Cancel(id),
            _ => Peek::Skip,
        }
    }

    fn seal(&mut self, frame: &mut Bytes, head: Head<'_, Id, u32>) -> Result<(), SealError> {
        let (kind, id) = match head {
            Head::Request(id) => (REQUEST, id.wide()),
            Head::Reply(ask) => (REPLY, *ask),
            Head::Plain => (PLAIN, 0),
            Head::Part(_) => return Err(SealError::new("no streamed replies")),
        };
        let body = frame.get(HEADER..);
        *frame = headed(kind, id, body.ok_or_else(|| SealError::new("no header"))?);
        Ok(())
    }

    fn cancel(&mut self, id: &Id) -> Option<Bytes> {
        Some(headed(CANCEL, id.wide(), b""))
    }

    fn refuse(&mut self, ask: &u32, _: Refusal) -> Option<Bytes> {
        Some(headed(REFUSAL, *ask, b""))
    }

    fn size(frame: &Bytes) -> usize {
        frame.len()
    }
}

/// Leaves room for the header, and returns the peer's refusal as an error.
pub(crate) struct Headed;

#[derive(Debug)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the peer refused")
    }
}

impl Packer for Headed {
    type Error = Refused;
}

impl Pack<Bytes, Body> for Headed {
    fn pack(&self, value: &Body) -> Result<Bytes, Refused> {
        let Ok(json) = Pack::<Bytes, _>::pack(&Json, value) else {
            unreachable!("a body is JSON")
        };
        Ok(headed(PLAIN, 0, &json))
    }
}

impl Unpack<Bytes, Body> for Headed {
    fn unpack(&self, frame: Bytes) -> Result<Body, Refused> {
        Self::body(&frame).ok_or(Refused)
    }
}

impl Headed {
    fn body(frame: &Bytes) -> Option<Body> {
        serde_json::from_slice(frame.get(HEADER..)?).ok()
    }
}
