//! LDAP: framing and codec against a plain reading of BER.
//!
//! Lengths may be longer than they need be, as Active Directory writes them,
//! and numbers too, up to four bytes.
#![no_main]

use await_layer::{AwaitIdCodec, Head, Peek, Protocol, Refusal};
use await_layer_fuzz::pieces::how;
use await_layer_fuzz::stream::agreed;
use await_layer_protocols::ldap::{Ldap, LdapFraming};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const MAX: usize = 1 << 10;

/// Requests and their answers: bind, search, modify, add, delete, rename,
/// compare, extended.
const ANSWERS: [(u8, u8); 8] = [
    (0x60, 0x61),
    (0x63, 0x65),
    (0x66, 0x67),
    (0x68, 0x69),
    (0x4a, 0x6b),
    (0x6c, 0x6d),
    (0x6e, 0x6f),
    (0x77, 0x78),
];
/// Entries, references and intermediate responses.
const PARTS: [u8; 3] = [0x64, 0x73, 0x79];
const ABANDON: u8 = 0x50;

fuzz_target!(|bytes: &[u8]| {
    let (cuts, stream) = how(bytes);
    let framing = LdapFraming::new().max_message(MAX);
    let (frames, end) = agreed(&framing, stream, cuts, MAX + 6);
    let mut rest = stream;
    for frame in &frames {
        let (tag, _, after) = take(rest).expect("the framing saw a message");
        assert_eq!((tag, rest.len() - after.len()), (0x30, frame.len()));
        check(frame);
        rest = after;
    }
    if let Some((0x30, _, after)) = take(rest) {
        assert!(rest.len() - after.len() > MAX, "a message is left over");
    }
    assert_eq!(end.is_ok(), rest.is_empty());
    check(&Bytes::copy_from_slice(stream));
});

/// Tag and content of the value in front, and what follows it.
fn take(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (length, rest) = match first {
        0..=127 => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            let length = digits
                .iter()
                .fold(0, |it, digit| it * 256 + usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn number(bytes: &[u8]) -> Option<i32> {
    let first = *bytes.first()?;
    if bytes.len() > 4 {
        return None;
    }
    let mut whole = [if first >= 0x80 { 0xff } else { 0 }; 4];
    whole[4 - bytes.len()..].copy_from_slice(bytes);
    Some(i32::from_be_bytes(whole))
}

/// Id, operation and its content.
fn read(frame: &[u8]) -> Option<(i32, u8, &[u8])> {
    let (0x30, message, []) = take(frame)? else {
        return None;
    };
    let (2, id, rest) = take(message)? else {
        return None;
    };
    let (tag, content, rest) = take(rest)?;
    let rest = match take(rest) {
        Some((0xa0, _, rest)) => rest,
        _ => rest,
    };
    let id = number(id).filter(|id| *id >= 0)?;
    rest.is_empty().then_some((id, tag, content))
}

fn answer(request: u8) -> Option<u8> {
    let mut pairs = ANSWERS.iter();
    pairs
        .find(|(tag, _)| *tag == request)
        .map(|(_, answer)| *answer)
}

fn check(frame: &Bytes) {
    let (_, mut codec, _) = Ldap::new().into_parts();
    let peeked = codec.peek(frame);
    let Some((id, tag, content)) = read(frame) else {
        assert!(matches!(peeked, Peek::Other));
        return;
    };
    let is_result = ANSWERS.iter().any(|(_, answer)| *answer == tag);
    match (tag, answer(tag)) {
        _ if id == 0 => assert!(matches!(peeked, Peek::Other)),
        _ if PARTS.contains(&tag) => assert!(matches!(peeked, Peek::Part(it) if it == id)),
        _ if is_result => assert!(matches!(peeked, Peek::Reply(it) if it == id)),
        (ABANDON, _) => match (number(content), peeked) {
            (Some(abandoned), Peek::Cancel(ask)) => {
                // Known by its id alone: the refusal of such a request bears it.
                assert!(codec.refuse(&ask, Refusal::Cancelled).is_none());
                replied(&mut codec, &ask, abandoned, 0x65, 0x65);
            }
            (None, Peek::Skip) => {}
            (named, peeked) => panic!("an abandon of {named:?} is peeked at as {peeked:?}"),
        },
        (_, Some(answer)) => {
            let Peek::Request(ask) = peeked else {
                panic!("a request is peeked at as {peeked:?}");
            };
            replied(&mut codec, &ask, id, 0x65, answer);
            let refusal = codec.refuse(&ask, Refusal::Busy).expect("it can be said");
            let (seen, tag, _) = read(&refusal).expect("what is sealed is a message");
            assert_eq!((seen, tag), (id, answer));
        }
        _ => assert!(matches!(peeked, Peek::Other)),
    }
    sealed(&mut codec, tag, content, id);
}

/// A result goes back under the id that came, as what the request wants.
fn replied(
    codec: &mut await_layer_protocols::ldap::Codec,
    ask: &await_layer_protocols::ldap::Ask,
    id: i32,
    packed: u8,
    expected: u8,
) {
    let result = b"\x0a\x01\x00\x04\x00\x04\x00";
    let mut reply = Bytes::from([&[packed, 7][..], result].concat());
    codec.seal(&mut reply, Head::Reply(ask)).unwrap();
    // A negative id is nobody's, and no message bears it.
    if id >= 0 {
        assert_eq!(read(&reply), Some((id, expected, &result[..])));
    }
}

/// Operations of ours, with what was peeked at as their content.
fn sealed(codec: &mut await_layer_protocols::ldap::Codec, tag: u8, content: &[u8], id: i32) {
    let length = (content.len() as u32).to_be_bytes();
    let operation = Bytes::from([&[tag, 0x84][..], &length, content].concat());
    let mut request = operation.clone();
    let result = codec.seal(&mut request, Head::Request(&id));
    assert_eq!(result.is_ok(), answer(tag).is_some() && id > 0);
    match result {
        Ok(()) => {
            assert_eq!(read(&request), Some((id, tag, content)));
            let cancel = codec.cancel(&id).expect("it can be said");
            let (_, tag, named) = read(&cancel).expect("what is sealed is a message");
            assert_eq!((tag, number(named)), (ABANDON, Some(id)));
        }
        Err(_) => assert_eq!(request, operation, "what is refused is as it was"),
    }
}
