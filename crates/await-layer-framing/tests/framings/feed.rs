//! Feeding a framing as a network would.

use await_layer_framing::{Framing, FramingError};
use bytes::{Bytes, BytesMut};

/// The frames in `pieces` and, at the end of the stream, in what is left.
pub(crate) fn decode(
    framing: &mut impl Framing,
    pieces: &[&[u8]],
) -> (Vec<Bytes>, Result<(), FramingError>) {
    let (mut frames, mut wire) = (Vec::new(), BytesMut::new());
    for piece in pieces {
        wire.extend_from_slice(piece);
        loop {
            match framing.decode(&mut wire) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    loop {
        match framing.decode_end(&mut wire) {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, Ok(())),
            Err(error) => return (frames, Err(error)),
        }
    }
}

/// `wire` holds exactly `frames`, wherever it is cut.
pub(crate) fn holds<F: Framing + Clone>(framing: &F, wire: &[u8], frames: &[&[u8]]) {
    let check = |pieces: &[&[u8]]| {
        let (got, end) = decode(&mut framing.clone(), pieces);
        assert_eq!(got, frames);
        assert!(end.is_ok(), "{end:?}");
    };
    for at in 0..=wire.len() {
        let (before, after) = wire.split_at(at);
        check(&[before, after]);
    }
    check(&wire.chunks(1).collect::<Vec<_>>());
    check(&wire.chunks(3).collect::<Vec<_>>());
}

/// `wire` is refused wherever it is cut, after `before` good frames, with the
/// same error; what it says.
pub(crate) fn refused<F: Framing + Clone>(framing: &F, wire: &[u8], before: usize) -> String {
    let refuse = |pieces: &[&[u8]]| {
        let (frames, end) = decode(&mut framing.clone(), pieces);
        assert_eq!(frames.len(), before);
        end.expect_err("it was not refused")
    };
    let error = refuse(&[wire]);
    for at in 0..=wire.len() {
        let (first, rest) = wire.split_at(at);
        let again = refuse(&[first, rest]);
        let same = std::mem::discriminant(&again) == std::mem::discriminant(&error);
        assert!(same, "cut at {at}: {again:?} instead of {error:?}");
    }
    error.reason().text().to_owned()
}

/// A stream that ends anywhere in `wire`, which is one frame, is cut off.
pub(crate) fn cut_off<F: Framing + Clone>(framing: &F, wire: &[u8]) {
    for at in 1..wire.len() {
        let (frames, end) = decode(&mut framing.clone(), &[&wire[..at]]);
        assert!(frames.is_empty());
        assert!(matches!(end, Err(FramingError::CutOff(_))), "{at}: {end:?}");
    }
}

/// What is encoded is decoded.
pub(crate) fn round_trip<F: Framing + Clone>(framing: &F, frames: &[&[u8]]) {
    let mut wire = BytesMut::new();
    for frame in frames {
        framing.clone().encode(frame, &mut wire).unwrap();
    }
    holds(framing, &wire, frames);
}

/// `framing` refuses to send `frame`, both ways of asking, and writes nothing;
/// what it says.
pub(crate) fn unsendable<F: Framing + Clone>(framing: &F, frame: &[u8]) -> String {
    let mut wire = BytesMut::from("before");
    let encoded = framing.clone().encode(frame, &mut wire);
    assert!(encoded.is_err());
    assert_eq!(wire, "before");
    framing.check(frame).unwrap_err().to_string()
}
