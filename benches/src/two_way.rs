//! A wire of bytes on which both ends ask and which has all that a wire can
//! have: replies, parts, the end of parts, and cancels. A frame is a kind, an
//! id, and a body.

use await_layer::{AwaitIdCodec, Head, Packer, Peek, Protocol, Refusal, SealError, SlotIds};
use bytes::{BufMut, BytesMut};

/// A kind and an id. Whoever packs leaves room for them.
pub const HEAD: usize = 1 + 8;

const PLAIN: u8 = 0;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const PART: u8 = 3;
const END: u8 = 4;
const CANCEL: u8 = 5;

/// The protocol, with a packer `P` for the bodies.
pub struct TwoWay<P>(pub P);

pub struct TwoWayCodec;

impl<P: Packer> Protocol for TwoWay<P> {
    type Frame = BytesMut;
    type Packer = P;
    type Codec = TwoWayCodec;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (P, TwoWayCodec, SlotIds<u64>) {
        (self.0, TwoWayCodec, SlotIds::new())
    }
}

fn head(kind: u8, id: u64) -> BytesMut {
    let mut frame = BytesMut::with_capacity(HEAD);
    frame.put_u8(kind);
    frame.put_u64(id);
    frame
}

impl AwaitIdCodec<BytesMut> for TwoWayCodec {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, frame: &BytesMut) -> Peek<u64, u64> {
        let Some([kind, id @ ..]) = frame.first_chunk::<HEAD>() else {
            return Peek::Skip;
        };
        let id = u64::from_be_bytes(*id);
        match *kind {
            REQUEST => Peek::Request(id),
            REPLY => Peek::Reply(id),
            PART => Peek::Part(id),
            END => Peek::End(id),
            CANCEL => Peek::Cancel(id),
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut BytesMut, it: Head<'_, u64, u64>) -> Result<(), SealError> {
        let (kind, id) = match it {
            Head::Request(id) => (REQUEST, *id),
            Head::Reply(ask) => (REPLY, *ask),
            Head::Part(ask) => (PART, *ask),
            Head::Plain => (PLAIN, 0),
        };
        let room = frame.first_chunk_mut::<HEAD>();
        let room = room.ok_or_else(|| SealError::new("no room for a head"))?;
        room.copy_from_slice(&head(kind, id));
        Ok(())
    }

    fn cancel(&mut self, id: &u64) -> Option<BytesMut> {
        Some(head(CANCEL, *id))
    }

    /// A peer that does not answer says nothing at all.
    fn refuse(&mut self, _: &u64, _: Refusal) -> Option<BytesMut> {
        None
    }

    fn refuses(&self) -> bool {
        false
    }

    fn end(&mut self, ask: &u64) -> Option<BytesMut> {
        Some(head(END, *ask))
    }

    fn size(frame: &BytesMut) -> usize {
        frame.len()
    }
}
