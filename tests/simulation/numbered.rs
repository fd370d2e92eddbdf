//! A kind byte, four bytes of id, and the body in eight: all that the layer
//! can do, with ids wide or narrow.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

use await_layer::{
    AwaitIdCodec, Head, IdGenerator, Locate, Pack, Packer, Peek, Protocol, Refusal, SealError,
    Slot, SlotIds, Unpack,
};
use await_layer_testkit::rng::Rng;
use bytes::Bytes;

use crate::body::Body;
use crate::wire::{Sort, Wire};

const HEADER: usize = 5;
const PLAIN: u8 = 0;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const REFUSAL: u8 = 3;
const CANCEL: u8 = 4;
const PART: u8 = 5;
const END: u8 = 6;
const NOISE: u8 = 9;

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
    const REFUSES: bool = true;
    const STREAMS: bool = true;
    const MARKED: bool = true;

    fn look(frame: &Bytes) -> (Sort, Option<Body>) {
        let Some((&[kind, ..], body)) = frame.split_first_chunk::<HEADER>() else {
            return (Sort::Garbage, None);
        };
        let sort = match kind {
            PLAIN => Sort::Plain,
            REQUEST => Sort::Ask,
            REPLY | REFUSAL => Sort::Reply,
            CANCEL => Sort::Cancel,
            PART => Sort::Part,
            END => Sort::End,
            _ => Sort::Garbage,
        };
        (sort, read(body))
    }

    fn chosen(n: usize) -> Id {
        // No slot in use has it.
        Id::narrow(60_000 + u32::try_from(n).expect("few"))
    }

    fn id(frame: &Bytes) -> Option<Bytes> {
        (frame.len() >= HEADER).then(|| frame.slice(1..HEADER))
    }

    fn make(sort: Sort, id: &Bytes, body: Option<Body>) -> Bytes {
        let kind = match sort {
            Sort::Plain => PLAIN,
            Sort::Ask => REQUEST,
            Sort::Reply if body.is_none() => REFUSAL,
            Sort::Reply => REPLY,
            Sort::Part => PART,
            Sort::End => END,
            Sort::Cancel => CANCEL,
            Sort::Garbage => NOISE,
        };
        let body = body.map(|body| body.to_number().to_be_bytes());
        let body = body.as_ref().map_or(&[][..], |body| &body[..]);
        [&[kind][..], id, body].concat().into()
    }

    fn guess(rng: &mut Rng, _: Option<&Bytes>) -> Option<Bytes> {
        Some(Id::beyond(rng).to_be_bytes().to_vec().into())
    }

    fn asking(n: u64) -> Bytes {
        let id = 40_000 + u32::try_from(n).expect("few");
        id.to_be_bytes().to_vec().into()
    }

    fn garbage(rng: &mut Rng) -> Bytes {
        match rng.below(3) {
            0 => Bytes::from_static(b"\x02\x00"),
            1 => Bytes::new(),
            _ => headed(NOISE, rng.below(9) as u32, b"noise"),
        }
    }
}

pub(crate) trait Number: Copy + Eq + Hash + 'static {
    type Ids: IdGenerator<Id = Self> + Default;

    fn wide(self) -> u32;
    fn narrow(number: u32) -> Self;

    /// A number that no call gets.
    fn beyond(rng: &mut Rng) -> u32;
}

impl Number for u32 {
    type Ids = SlotIds<Self>;

    fn wide(self) -> u32 {
        self
    }

    fn narrow(number: u32) -> Self {
        number
    }

    fn beyond(rng: &mut Rng) -> u32 {
        (1 + rng.below(9) as Self) << 20 | (500_000 + rng.below(1000) as Self)
    }
}

impl Number for u16 {
    type Ids = TwoTurns;

    fn wide(self) -> u32 {
        self.into()
    }

    fn narrow(number: u32) -> Self {
        number as Self
    }

    fn beyond(rng: &mut Rng) -> u32 {
        20_000 + rng.below(1000) as u32
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

fn read(body: &[u8]) -> Option<Body> {
    let number = u64::from_be_bytes(body.try_into().ok()?);
    Body::from_number(number)
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
            PART => Peek::Part(Id::narrow(id)),
            END => Peek::End(Id::narrow(id)),
            CANCEL => Peek::Cancel(id),
            _ => Peek::Skip,
        }
    }

    fn seal(&mut self, frame: &mut Bytes, head: Head<'_, Id, u32>) -> Result<(), SealError> {
        let (kind, id) = match head {
            Head::Request(id) => (REQUEST, id.wide()),
            Head::Reply(ask) => (REPLY, *ask),
            Head::Part(ask) => (PART, *ask),
            Head::Plain => (PLAIN, 0),
        };
        let body = frame.get(HEADER..);
        *frame = headed(kind, id, body.ok_or_else(|| SealError::new("no header"))?);
        Ok(())
    }

    fn cancel(&mut self, id: &Id) -> Option<Bytes> {
        Some(headed(CANCEL, id.wide(), b""))
    }

    fn refuse(&mut self, ask: &u32, why: Refusal) -> Option<Bytes> {
        // The link may deliver a request twice: it would end the first.
        (why != Refusal::Duplicate).then(|| headed(REFUSAL, *ask, b""))
    }

    fn end(&mut self, ask: &u32) -> Option<Bytes> {
        Some(headed(END, *ask, b""))
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
        Ok(headed(PLAIN, 0, &value.to_number().to_be_bytes()))
    }
}

impl Unpack<Bytes, Body> for Headed {
    fn unpack(&self, frame: Bytes) -> Result<Body, Refused> {
        frame.get(HEADER..).and_then(read).ok_or(Refused)
    }
}
