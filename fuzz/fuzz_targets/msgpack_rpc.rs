//! MessagePack-RPC: framing and codec against a plain reading of MessagePack,
//! which recurses and looks at each value by itself.
//!
//! Numbers may be written wider than they need be, ids and kinds too. The
//! codec looks at no more than it must: what params are is the packer's.
#![no_main]

use await_layer::{AwaitIdCodec, Head, Peek, Refusal};
use await_layer_fuzz::pieces::how;
use await_layer_fuzz::stream::agreed;
use await_layer_protocols::msgpack_rpc::{Codec, SelfDelimited};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const MAX: usize = 1 << 10;
const DEPTH: usize = 128;

fuzz_target!(|bytes: &[u8]| {
    let (cuts, stream) = how(bytes);
    let framing = SelfDelimited::new().max_message(MAX);
    let (frames, end) = agreed(&framing, stream, cuts, MAX + 5);
    let mut rest = stream;
    for frame in &frames {
        let length = length(rest, DEPTH).expect("the framing saw a message");
        let (message, after) = rest.split_at(length);
        assert_eq!(frame, message);
        assert!(is_array(message) && length <= MAX);
        rest = after;
        check(frame);
    }
    // Where it stops there is no other message.
    match length(rest, DEPTH) {
        Some(length) => assert!(end.is_err() && (!is_array(rest) || length > MAX)),
        None => assert_eq!(end.is_ok(), rest.is_empty()),
    }
    check(&Bytes::copy_from_slice(stream));
});

fn is_array(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(0x90..=0x9f | 0xdc | 0xdd))
}

/// So many bytes, big end first.
fn number(bytes: &[u8], width: usize) -> Option<u64> {
    let digits = bytes.get(1..1 + width)?;
    Some(
        digits
            .iter()
            .fold(0, |number, digit| number << 8 | u64::from(*digit)),
    )
}

/// Bytes of the value in front; `None` if it is not whole, none, or nests
/// deeper than `depth`.
fn length(bytes: &[u8], depth: usize) -> Option<usize> {
    let sized = |width: usize, more: usize| {
        let length = usize::try_from(number(bytes, width)?).ok()?;
        (1 + width + more).checked_add(length)
    };
    let holding = |start: usize, values: u64| {
        if values == 0 {
            return Some(start);
        }
        let depth = depth.checked_sub(1)?;
        let mut at = start;
        for _ in 0..values {
            at += length(bytes.get(at..)?, depth)?;
        }
        Some(at)
    };
    let end = match *bytes.first()? {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => 1,
        map @ 0x80..=0x8f => holding(1, 2 * u64::from(map - 0x80))?,
        array @ 0x90..=0x9f => holding(1, u64::from(array - 0x90))?,
        text @ 0xa0..=0xbf => 1 + usize::from(text - 0xa0),
        0xc1 => return None,
        0xc4 | 0xd9 => sized(1, 0)?,
        0xc5 | 0xda => sized(2, 0)?,
        0xc6 | 0xdb => sized(4, 0)?,
        0xc7 => sized(1, 1)?,
        0xc8 => sized(2, 1)?,
        0xc9 => sized(4, 1)?,
        0xcc | 0xd0 => 2,
        0xcd | 0xd1 => 3,
        0xca | 0xce | 0xd2 => 5,
        0xcb | 0xcf | 0xd3 => 9,
        0xd4 => 3,
        0xd5 => 4,
        0xd6 => 6,
        0xd7 => 10,
        0xd8 => 18,
        0xdc => holding(3, number(bytes, 2)?)?,
        0xdd => holding(5, number(bytes, 4)?)?,
        0xde => holding(3, 2 * number(bytes, 2)?)?,
        0xdf => holding(5, 2 * number(bytes, 4)?)?,
    };
    (end <= bytes.len()).then_some(end)
}

/// The number in front, however it is written, and the rest.
fn whole(bytes: &[u8]) -> Option<(i128, &[u8])> {
    let (width, is_signed) = match *bytes.first()? {
        small @ 0x00..=0x7f => return Some((small.into(), &bytes[1..])),
        negative @ 0xe0..=0xff => return Some((i128::from(negative) - 256, &bytes[1..])),
        0xcc => (1, false),
        0xcd => (2, false),
        0xce => (4, false),
        0xcf => (8, false),
        0xd0 => (1, true),
        0xd1 => (2, true),
        0xd2 => (4, true),
        0xd3 => (8, true),
        _ => return None,
    };
    let mut number = i128::from(number(bytes, width)?);
    let half = 1_i128 << (8 * width - 1);
    if is_signed && number >= half {
        number -= 2 * half;
    }
    Some((number, &bytes[1 + width..]))
}

/// A message's kind, its id, and what follows.
fn open(bytes: &[u8]) -> Option<(i128, Option<u32>, &[u8])> {
    let (items, rest) = match *bytes.first()? {
        array @ 0x90..=0x9f => (u64::from(array - 0x90), &bytes[1..]),
        0xdc => (number(bytes, 2)?, &bytes[3..]),
        0xdd => (number(bytes, 4)?, &bytes[5..]),
        _ => return None,
    };
    let (kind, rest) = whole(rest)?;
    match (kind, items) {
        (0 | 1, 4) => {
            let id = whole(rest);
            let after = id.map_or(rest, |(_, after)| after);
            Some((kind, id.and_then(|(id, _)| id.try_into().ok()), after))
        }
        (2, 3) => Some((kind, None, rest)),
        _ => None,
    }
}

fn check(frame: &Bytes) {
    let expected = match open(frame) {
        Some((0, Some(id), _)) => Peek::Request(id),
        Some((1, Some(id), _)) => Peek::Reply(id),
        Some((1, None, _)) => Peek::Stray,
        _ => Peek::Other,
    };
    assert_eq!(Codec.peek(frame), expected);
    let opened = open(frame).map(|(kind, _, rest)| (kind, rest));
    for (packed, head, kind) in [(2, Head::Request(&7), 0), (1, Head::Reply(&u32::MAX), 1)] {
        let mut sealed = frame.clone();
        let result = Codec.seal(&mut sealed, head);
        match opened.filter(|(kind, _)| *kind == packed) {
            None => assert!(result.is_err() && sealed == *frame),
            Some((_, rest)) => {
                result.unwrap();
                let (seen, id, after) = open(&sealed).expect("what is sealed is a message");
                let expected = match head {
                    Head::Request(id) | Head::Reply(id) => *id,
                    _ => unreachable!(),
                };
                assert_eq!((seen, id), (kind, Some(expected)));
                // Where the id did not fit, it is left as it was.
                assert!(after == rest || Codec.peek(frame) == Peek::Stray);
            }
        }
    }
    if let Peek::Request(ask) = expected {
        let refusal = Codec.refuse(&ask, Refusal::Busy).expect("it can be said");
        assert_eq!(Codec.peek(&refusal), Peek::Reply(ask));
        assert_eq!(length(&refusal, DEPTH), Some(refusal.len()));
    }
}
