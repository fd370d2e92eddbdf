//! Values cut out of a stream.

use await_layer_framing::{Framing, FramingError};
use await_layer_protocols::resp::Values;
use await_layer_testkit::rng::Rng;
use bytes::BytesMut;

/// What comes out of a stream that arrives in these pieces and then ends.
fn decode(mut framing: Values, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Result<(), FramingError>) {
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

const VALUES: [&[u8]; 12] = [
    b"+OK\r\n",
    b"-ERR no\r\n",
    b":1\r\n",
    b"_\r\n",
    b"$-1\r\n",
    b"$6\r\na\r\nb\r\n\r\n",
    b"$0\r\n\r\n",
    b"*0\r\n",
    b"*2\r\n*1\r\n:1\r\n$1\r\nx\r\n",
    b">2\r\n+a\r\n~2\r\n#t\r\n,1.5\r\n",
    b"%1\r\n+k\r\n=5\r\ntxt:x\r\n",
    b"|1\r\n+ttl\r\n:9\r\n*1\r\n|1\r\n+a\r\n+b\r\n!3\r\nERR\r\n",
];

#[test]
fn values_come_out_wherever_the_stream_is_cut() {
    let wire = VALUES.concat();
    for at in 0..=wire.len() {
        let (first, rest) = wire.split_at(at);
        let (frames, end) = decode(Values::new(), &[first, rest]);
        assert_eq!(frames, VALUES, "cut at {at}");
        assert!(end.is_ok(), "cut at {at}: {end:?}");
    }
    let (frames, end) = decode(Values::new(), &wire.chunks(1).collect::<Vec<_>>());
    assert_eq!(frames, VALUES);
    assert!(end.is_ok());
}

#[test]
fn a_stream_that_ends_inside_a_value_is_cut_off() {
    for value in VALUES {
        for at in 1..value.len() {
            let (frames, end) = decode(Values::new(), &[&value[..at]]);
            assert!(frames.is_empty());
            assert!(matches!(end, Err(FramingError::CutOff(_))), "{at}: {end:?}");
        }
    }
}

#[test]
fn what_is_no_value_ends_the_stream() {
    for wire in [
        &b"HTTP/1.1 400 Bad Request\r\n"[..],
        b"\r\n",
        b"+lf alone\n",
        b"$x\r\n",
        b"$-2\r\n",
        b"$?\r\n",
        b"*-2\r\n",
        b"*1\r\nx",
        b"%9999999999999999999999\r\n",
    ] {
        let (frames, end) = decode(Values::new(), &[b"+OK\r\n", wire]);
        assert_eq!(frames.len(), 1);
        assert!(
            matches!(end, Err(FramingError::Malformed(_))),
            "{wire:?}: {end:?}"
        );
    }
}

#[test]
fn sizes_and_depths_are_limited_before_they_arrive() {
    let small = || Values::new().max_value(16);
    for (wire, frames) in [
        (&b"$10\r\n0123456789\r\n"[..], 0),
        (b"$9\r\n012345678\r\n", 1),
    ] {
        let (got, end) = decode(small(), &[wire]);
        assert_eq!((got.len(), end.is_ok()), (frames, frames == 1));
    }
    for claims in [
        &b"$11\r\n"[..],
        b"$18446744073709551615\r\n",
        b"*5\r\n",
        b"*18446744073709551615\r\n",
        b"*1\r\n$9\r\n",
        b"+without an end ",
    ] {
        let claims = [claims, b"x"].concat();
        let (frames, end) = decode(small(), &[&claims]);
        assert!(frames.is_empty());
        let Err(FramingError::TooLarge(reason)) = end else {
            panic!("{claims:?}: {end:?}");
        };
        assert!(reason.text().contains("max_value allows 16"), "{reason}");
    }
    let deep = |levels| [b"*1\r\n".repeat(levels), b"_\r\n".to_vec()].concat();
    let (frames, end) = decode(Values::new(), &[&deep(128)]);
    assert!(frames.len() == 1 && end.is_ok());
    let (_, end) = decode(Values::new(), &[&deep(129)]);
    assert!(matches!(end, Err(FramingError::TooLarge(_))), "{end:?}");
}

#[test]
fn our_commands_leave_whatever_their_size() {
    let mut wire = BytesMut::new();
    let mut framing = Values::new().max_value(4);
    assert!(framing.check(b"*1\r\n$4\r\nPING\r\n").is_ok());
    framing.encode(b"*1\r\n$4\r\nPING\r\n", &mut wire).unwrap();
    assert_eq!(wire, "*1\r\n$4\r\nPING\r\n");
}

/// Were each byte to make it start over, this would be looked at for minutes.
#[test]
fn a_value_in_many_pieces_is_looked_at_once() {
    let long = [b"+".to_vec(), vec![b'x'; 300_000], b"\r\n".to_vec()].concat();
    let wide = [b"*100000\r\n".to_vec(), b"_\r\n".repeat(100_000)].concat();
    for value in [long, wide] {
        let (frames, end) = decode(Values::new(), &value.chunks(1).collect::<Vec<_>>());
        assert_eq!(frames, [value]);
        assert!(end.is_ok());
    }
}

#[test]
fn noise_is_frames_or_an_error_wherever_it_is_cut() {
    let pieces: [&[u8]; 14] = [
        b"+", b"-", b"$", b"*", b"%", b"|", b">", b"1", b"2", b"-1", b"\r\n", b"\n", b"x", b"_\r\n",
    ];
    let mut rng = Rng::new(6);
    for _ in 0..20_000 {
        let mut wire = Vec::new();
        for _ in 0..rng.below(24) {
            wire.extend_from_slice(pieces[rng.below(pieces.len())]);
        }
        let framing = || Values::new().max_value(24);
        let (frames, end) = decode(framing(), &[&wire]);
        let (first, rest) = wire.split_at(rng.below(wire.len() + 1));
        let (again, other) = decode(framing(), &[first, rest]);
        assert_eq!(again, frames, "{wire:?}");
        assert_eq!(other.is_ok(), end.is_ok(), "{wire:?}");
    }
}
