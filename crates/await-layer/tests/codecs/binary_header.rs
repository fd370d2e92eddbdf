//! A binary wire: a kind byte and a `u32` id in front of the body.
//!
//! The packer leaves room for the header, so that sealing copies nothing.

use await_layer::{AwaitIdCodec, Head, Locate, Peek, Refusal, SealError, Slot};
use await_layer::{IdGenerator, SlotIds};

const HEADER: usize = 5;
const PLAIN: u8 = 0;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const FAILURE: u8 = 3;
const CANCEL: u8 = 4;

struct Binary;

/// What a packer makes: the header without an id, and the body.
fn packed(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 0, 0, 0, 0], body].concat()
}

fn header(frame: &[u8]) -> Option<(u8, u32)> {
    let (header, _) = frame.split_first_chunk::<HEADER>()?;
    let [kind, a, b, c, d] = *header;
    Some((kind, u32::from_be_bytes([a, b, c, d])))
}

fn with_header(kind: u8, id: u32, body: &[u8]) -> Vec<u8> {
    let mut frame = packed(kind, body);
    frame[1..HEADER].copy_from_slice(&id.to_be_bytes());
    frame
}

impl AwaitIdCodec<Vec<u8>> for Binary {
    type Id = u32;
    type Ask = u32;

    fn peek(&mut self, frame: &Vec<u8>) -> Peek<u32, u32> {
        match header(frame) {
            Some((PLAIN, _)) => Peek::Other,
            Some((REQUEST, id)) => Peek::Request(id),
            Some((REPLY | FAILURE, id)) => Peek::Reply(id),
            Some((CANCEL, id)) => Peek::Cancel(id),
            _ => Peek::Skip,
        }
    }

    fn seal(&mut self, frame: &mut Vec<u8>, head: Head<'_, u32, u32>) -> Result<(), SealError> {
        let Some(header) = frame.first_chunk_mut::<HEADER>() else {
            return Err(SealError::new("no room for the header: pack with one"));
        };
        let (kind, id) = match head {
            Head::Request(id) => (REQUEST, *id),
            // The packer has marked the error replies.
            Head::Reply(ask) if header[0] == FAILURE => (FAILURE, *ask),
            Head::Reply(ask) => (REPLY, *ask),
            Head::Plain => (PLAIN, 0),
            Head::Part(_) => return Err(SealError::new("no streamed replies: reply once")),
        };
        header[0] = kind;
        header[1..].copy_from_slice(&id.to_be_bytes());
        Ok(())
    }

    fn strip(&mut self, frame: &mut Vec<u8>) {
        if frame.len() >= HEADER {
            frame.drain(..HEADER);
        }
    }

    fn cancel(&mut self, id: &u32) -> Option<Vec<u8>> {
        Some(with_header(CANCEL, *id, b""))
    }

    fn refuse(&mut self, ask: &u32, why: Refusal) -> Option<Vec<u8>> {
        Some(with_header(FAILURE, *ask, format!("{why:?}").as_bytes()))
    }

    fn size(frame: &Vec<u8>) -> usize {
        frame.len()
    }
}

fn sealed(kind: u8, head: Head<'_, u32, u32>) -> Vec<u8> {
    let mut frame = packed(kind, b"hi");
    let room = frame.as_ptr();
    assert_eq!(Binary.seal(&mut frame, head), Ok(()));
    assert_eq!(frame.as_ptr(), room, "sealed in place");
    frame
}

#[test]
fn each_kind_comes_back_as_what_it_was_sealed_as() {
    let id = 0x0102_0304;
    let request = sealed(PLAIN, Head::Request(&id));
    assert_eq!(request, b"\x01\x01\x02\x03\x04hi");
    assert_eq!(Binary.peek(&request), Peek::Request(id));
    let reply = sealed(PLAIN, Head::Reply(&id));
    assert_eq!(Binary.peek(&reply), Peek::Reply(id));
    let failure = sealed(FAILURE, Head::Reply(&id));
    assert_eq!(
        (failure[0], Binary.peek(&failure)),
        (FAILURE, Peek::Reply(id))
    );
    let plain = sealed(PLAIN, Head::Plain);
    assert_eq!(Binary.peek(&plain), Peek::Other);
}

#[test]
fn stripping_leaves_the_body() {
    let mut frame = sealed(PLAIN, Head::Reply(&7));
    Binary.strip(&mut frame);
    assert_eq!(frame, b"hi");
}

#[test]
fn cancels_and_refusals_name_their_call() {
    let cancel = Binary.cancel(&9).unwrap();
    assert_eq!(Binary.peek(&cancel), Peek::Cancel(9));
    let refusal = Binary.refuse(&9, Refusal::Busy).unwrap();
    assert_eq!(Binary.peek(&refusal), Peek::Reply(9));
    assert!(refusal.ends_with(b"Busy"));
}

#[test]
fn frames_without_a_header_are_noise_coming_in_and_refused_going_out() {
    let mut short = vec![REQUEST, 0, 0];
    assert_eq!(Binary.peek(&short), Peek::Skip);
    assert_eq!(Binary.peek(&packed(9, b"")), Peek::Skip);
    assert!(Binary.seal(&mut short, Head::Request(&1)).is_err());
    assert_eq!(short, [REQUEST, 0, 0]);
    Binary.strip(&mut short);
    assert_eq!(short, [REQUEST, 0, 0]);
}

#[test]
fn the_reply_s_id_leads_back_to_the_slot() {
    let mut ids = SlotIds::<u32>::new();
    let id = ids.next(Slot { index: 42, turn: 3 }).unwrap();
    let reply = sealed(PLAIN, Head::Reply(&id));
    let Peek::Reply(id) = Binary.peek(&reply) else {
        panic!("a reply");
    };
    assert_eq!(ids.locate(&id), Locate::Slot(42));
}
