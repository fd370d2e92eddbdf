//! A wire with a kind byte: `q` asks, `r` replies, `e` refuses, `c` cancels,
//! `m` is plain. Eight bytes of id follow, then the body. Frames are on the
//! heap, as a peer's are.

use await_layer::{
    AwaitIdCodec, Head, IdGenerator, Peek, Protocol, Raw, Refusal, SealError, SlotIds,
};

const HEAD: usize = 9;

/// The wire with ids of a generator's.
pub(crate) struct Kinds<G = SlotIds<u64>>(pub(crate) G);

pub(crate) struct KindsCodec;

pub(crate) fn frame(kind: u8, id: u64, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + body.len());
    frame.push(kind);
    frame.extend_from_slice(&id.to_be_bytes());
    frame.extend_from_slice(body);
    frame
}

/// The kind and the id of what was written.
pub(crate) fn head(frame: &[u8]) -> (u8, u64) {
    let (kind, rest) = frame.split_first().expect("a kind");
    let id = rest.first_chunk().expect("an id");
    (*kind, u64::from_be_bytes(*id))
}

impl Default for Kinds {
    fn default() -> Self {
        Self(SlotIds::new())
    }
}

impl<G: IdGenerator<Id = u64>> Protocol for Kinds<G> {
    type Frame = Vec<u8>;
    type Packer = Raw;
    type Codec = KindsCodec;
    type Ids = G;

    fn into_parts(self) -> (Raw, KindsCodec, G) {
        (Raw, KindsCodec, self.0)
    }
}

impl AwaitIdCodec<Vec<u8>> for KindsCodec {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, frame: &Vec<u8>) -> Peek<u64, u64> {
        if frame.len() < HEAD {
            return Peek::Other;
        }
        match head(frame) {
            (b'q', id) => Peek::Request(id),
            (b'r' | b'e', id) => Peek::Reply(id),
            (b'c', id) => Peek::Cancel(id),
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut Vec<u8>, it: Head<'_, u64, u64>) -> Result<(), SealError> {
        let (kind, id) = match it {
            Head::Request(id) => (b'q', *id),
            Head::Reply(ask) | Head::Part(ask) => (b'r', *ask),
            Head::Plain => (b'm', 0),
        };
        *frame = self::frame(kind, id, frame);
        Ok(())
    }

    fn strip(&mut self, frame: &mut Vec<u8>) {
        frame.drain(..HEAD);
    }

    fn cancel(&mut self, id: &u64) -> Option<Vec<u8>> {
        Some(frame(b'c', *id, b""))
    }

    fn refuse(&mut self, ask: &u64, _: Refusal) -> Option<Vec<u8>> {
        Some(frame(b'e', *ask, b""))
    }

    fn size(frame: &Vec<u8>) -> usize {
        frame.len()
    }
}

/// The id of a ws-await request that we have written.
pub(crate) fn ws_await_id(request: &str) -> &str {
    let rest = request.strip_prefix(r#"{"awaitId":""#).expect("an id");
    rest.split('"').next().expect("an id")
}
