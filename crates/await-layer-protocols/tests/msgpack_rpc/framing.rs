//! Messages cut out of a stream.

use await_layer_framing::{Framing, FramingError};
use await_layer_protocols::msgpack_rpc::SelfDelimited;
use await_layer_testkit::rng::Rng;
use bytes::BytesMut;

/// What comes out of a stream that arrives in these pieces and then ends.
fn decode(
    mut framing: SelfDelimited,
    pieces: &[&[u8]],
) -> (Vec<Vec<u8>>, Result<(), FramingError>) {
    let (mut frames, mut wire) = (Vec::new(), BytesMut::new());
    for piece in pieces {
        wire.extend_from_slice(piece);
        loop {
            match framing.decode(&mut wire) {
                Ok(Some(frame)) => frames.push(frame.to_vec()),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    let end = framing.decode_end(&mut wire);
    (frames, end.map(|left| assert_eq!(left, None)))
}

/// One value of every kind that MessagePack has.
fn every_kind() -> Vec<u8> {
    let values: [&[u8]; 36] = [
        b"\x00",
        b"\x7f",
        b"\xe0",
        b"\xff",
        b"\xc0",
        b"\xc2",
        b"\xc3",
        b"\x80",
        b"\x81\x01\x02",
        b"\x90",
        b"\x91\x01",
        b"\xa0",
        b"\xa2hi",
        b"\xc4\x01x",
        b"\xc5\0\x01x",
        b"\xc6\0\0\0\x01x",
        b"\xc7\x01\x05x",
        b"\xc8\0\x01\x05x",
        b"\xc9\0\0\0\x01\x05x",
        b"\xca\0\0\0\0",
        b"\xcb\0\0\0\0\0\0\0\0",
        b"\xcc\0",
        b"\xcd\0\0",
        b"\xce\0\0\0\0",
        b"\xcf\0\0\0\0\0\0\0\0",
        b"\xd0\0",
        b"\xd1\0\0",
        b"\xd2\0\0\0\0",
        b"\xd3\0\0\0\0\0\0\0\0",
        b"\xd4\x05x",
        b"\xd5\x05xx",
        b"\xd6\x05xxxx",
        b"\xd7\x05xxxxxxxx",
        b"\xd8\x05xxxxxxxxxxxxxxxx",
        b"\xd9\x02hi",
        b"\xda\0\x02hi",
    ];
    let rest: [&[u8]; 5] = [
        b"\xdb\0\0\0\x02hi",
        b"\xdc\0\x01\x01",
        b"\xdd\0\0\0\x01\x01",
        b"\xde\0\x01\x01\x02",
        b"\xdf\0\0\0\x01\x01\x02",
    ];
    let mut message = b"\xdc\0\x29".to_vec();
    message.extend(values.concat());
    message.extend(rest.concat());
    message
}

#[test]
fn messages_come_out_wherever_the_stream_is_cut() {
    let messages = [
        every_kind(),
        b"\x90".to_vec(),
        b"\x93\x02\xa1m\x91\x91\x90".to_vec(),
    ];
    let wire = messages.concat();
    for at in 0..=wire.len() {
        let (first, rest) = wire.split_at(at);
        let (frames, end) = decode(SelfDelimited::new(), &[first, rest]);
        assert_eq!(frames, messages, "cut at {at}");
        assert!(end.is_ok(), "cut at {at}: {end:?}");
    }
    let (frames, end) = decode(SelfDelimited::new(), &wire.chunks(1).collect::<Vec<_>>());
    assert_eq!(frames, messages);
    assert!(end.is_ok());
}

#[test]
fn a_stream_that_ends_inside_a_message_is_cut_off() {
    let message = every_kind();
    for at in 1..message.len() {
        let (frames, end) = decode(SelfDelimited::new(), &[&message[..at]]);
        assert!(frames.is_empty());
        assert!(matches!(end, Err(FramingError::CutOff(_))), "{at}: {end:?}");
    }
}

#[test]
fn what_is_no_message_ends_the_stream() {
    for wire in [
        &b"E325: ATTENTION"[..],
        b"\xc0",
        b"\x81\x01\x02",
        b"\x92\xc1\x01",
    ] {
        let (frames, end) = decode(SelfDelimited::new(), &[b"\x90", wire]);
        assert_eq!(frames.len(), 1);
        assert!(matches!(end, Err(FramingError::Malformed(_))), "{end:?}");
    }
}

#[test]
fn sizes_are_limited_before_they_arrive() {
    let small = || SelfDelimited::new().max_message(16);
    let (frames, end) = decode(small(), &[b"\x91\xc4\x0c............\x00"]);
    assert_eq!((frames.len(), frames[0].len()), (1, 15));
    assert!(matches!(end, Err(FramingError::Malformed(_))));
    for claims in [
        &b"\x91\xc4\x0f"[..],
        b"\x91\xc6\xff\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\x91\xdf\xff\xff\xff\xff",
        b"\x91\xc9\xff\xff\xff\xff",
        b"\xdc\x00\x0e",
    ] {
        let (frames, end) = decode(small(), &[claims]);
        assert!(frames.is_empty());
        let Err(FramingError::TooLarge(reason)) = end else {
            panic!("{claims:?}: {end:?}");
        };
        assert!(reason.text().contains("max_message allows 16"), "{reason}");
    }
    assert!(small().check(&[0x90; 16]).is_ok());
    let why = small().check(&[0x90; 17]).unwrap_err().to_string();
    assert!(why.contains("17 bytes and max_message allows 16"), "{why}");
    assert!(small().check(b"text").is_err());
    assert!(small().check(b"").is_err());
    let mut wire = BytesMut::from("before");
    assert!(small().encode(&[0x90; 17], &mut wire).is_err());
    assert_eq!(wire, "before");
    small().encode(b"\x91\x01", &mut wire).unwrap();
    assert_eq!(wire, &b"before\x91\x01"[..]);
}

#[test]
fn depth_is_limited() {
    let deep = |levels| [vec![0x91; levels], vec![0xc0]].concat();
    let (frames, end) = decode(SelfDelimited::new(), &[&deep(128)]);
    assert!(frames.len() == 1 && end.is_ok());
    for (framing, levels) in [
        (SelfDelimited::new(), 129),
        (SelfDelimited::new().max_depth(1 << 20), 129),
        (SelfDelimited::new().max_depth(2), 3),
    ] {
        let (frames, end) = decode(framing, &[&deep(levels)]);
        assert!(frames.is_empty());
        assert!(matches!(end, Err(FramingError::TooLarge(_))), "{end:?}");
    }
}

/// The time for a message that arrives byte by byte would be quadratic if each
/// byte made it start over: 300,000 values would be looked at 45 billion times.
#[test]
fn a_message_in_many_pieces_is_looked_at_once() {
    let mut message = b"\xdd\x00\x04\x93\xe0".to_vec();
    message.resize(message.len() + 300_000, 0xc0);
    let (frames, end) = decode(SelfDelimited::new(), &message.chunks(1).collect::<Vec<_>>());
    assert_eq!(frames, [message]);
    assert!(end.is_ok());
}

#[test]
fn noise_is_frames_or_an_error_wherever_it_is_cut() {
    let mut rng = Rng::new(5);
    let kinds = every_kind();
    for _ in 0..20_000 {
        let mut wire = Vec::new();
        for _ in 0..rng.below(24) {
            wire.push(kinds[rng.below(kinds.len())]);
        }
        let framing = || SelfDelimited::new().max_message(64).max_depth(3);
        let (frames, end) = decode(framing(), &[&wire]);
        let (first, rest) = wire.split_at(rng.below(wire.len() + 1));
        let (again, other) = decode(framing(), &[first, rest]);
        assert_eq!(again, frames, "{wire:?}");
        assert_eq!(other.is_ok(), end.is_ok(), "{wire:?}");
    }
}
