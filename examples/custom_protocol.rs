//! A protocol of your own: one kind byte, a big-endian u32 id, then the body.

use std::convert::Infallible;

use await_layer::{AwaitIdCodec, AwaitLayer, Head, Peek, Protocol, Raw, SealError, SlotIds};
use bytes::Bytes;
use futures::{executor::block_on, future::join};

struct Header;

impl AwaitIdCodec<Bytes> for Header {
    type Id = u32;
    type Ask = u32;
    fn peek(&mut self, frame: &Bytes) -> Peek<u32, u32> {
        match **frame {
            [b'?', a, b, c, d, ..] => Peek::Request(u32::from_be_bytes([a, b, c, d])),
            [b'!', a, b, c, d, ..] => Peek::Reply(u32::from_be_bytes([a, b, c, d])),
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut Bytes, head: Head<'_, u32, u32>) -> Result<(), SealError> {
        let (kind, id) = match head {
            Head::Request(id) => ("?", id),
            Head::Reply(ask) => ("!", ask),
            _ => return Err(SealError::new("only requests and replies")),
        };
        *frame = [kind.as_bytes(), &id.to_be_bytes(), frame].concat().into();
        Ok(())
    }

    fn strip(&mut self, frame: &mut Bytes) {
        *frame = frame.slice(5..);
    }

    fn size(frame: &Bytes) -> usize {
        frame.len()
    }
}

impl Protocol for Header {
    type Frame = Bytes;
    type Packer = Raw;
    type Codec = Self;
    type Ids = SlotIds<u32>;

    fn into_parts(self) -> (Raw, Self, SlotIds<u32>) {
        (Raw, self, SlotIds::default())
    }
}

fn main() {
    let (left, right) = await_layer::memory::pair(4);
    let (_handle, incoming) = AwaitLayer::new(right, Header).split();
    let answering = await_layer::serve(incoming, 4, async |question: Bytes| {
        Ok::<_, Infallible>(Bytes::from(question.to_ascii_uppercase()))
    });
    let call = AwaitLayer::new(left, Header).send_await::<Bytes>(&Bytes::from("anybody there?"));
    println!("{:?}", block_on(join(call, answering)).0);
}
