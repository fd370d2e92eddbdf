//! A framing, fed as a network would feed it.

use await_layer_framing::{Framing, FramingError};
use bytes::{Bytes, BytesMut};

/// The frames in `pieces`, and why there are no more. Never more than `most`
/// bytes wait for the rest of a frame.
pub fn decode(
    framing: &mut impl Framing,
    pieces: &[&[u8]],
    most: usize,
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
        assert!(wire.len() <= most, "{} bytes wait for more", wire.len());
    }
    loop {
        match framing.decode_end(&mut wire) {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, Ok(())),
            Err(error) => return (frames, Err(error)),
        }
    }
}

/// The same, and however the stream is cut it says the same.
pub fn agreed<F: Framing + Clone>(
    framing: &F,
    stream: &[u8],
    cuts: &[u8],
    most: usize,
) -> (Vec<Bytes>, Result<(), FramingError>) {
    let whole = decode(&mut framing.clone(), &[stream], stream.len().max(most));
    let pieces = crate::pieces::pieces(stream, cuts);
    let (frames, end) = decode(
        &mut framing.clone(),
        &pieces,
        most.saturating_add(longest(&pieces)),
    );
    assert_eq!(frames, whole.0, "cut into {pieces:?}");
    // A line may be found too long before it is found to be none.
    let kind = |end: &Result<(), FramingError>| match end {
        Ok(()) => "between two frames",
        Err(FramingError::CutOff(_)) => "inside a frame",
        Err(_) => "refused",
    };
    assert_eq!(kind(&end), kind(&whole.1), "cut into {pieces:?}");
    whole
}

fn longest(pieces: &[&[u8]]) -> usize {
    pieces.iter().map(|piece| piece.len()).max().unwrap_or(0)
}
