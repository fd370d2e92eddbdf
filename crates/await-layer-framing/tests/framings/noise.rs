//! Bytes that mean nothing.

use await_layer_framing::{ContentLength, Framing, LengthDelimited, Lines, Newline};
use await_layer_testkit::rng::Rng;

use crate::feed::decode;

/// Pieces of real streams, put together at random.
const PIECES: [&[u8]; 14] = [
    b"Content-Length",
    b":",
    b" ",
    b"1",
    b"7",
    b"-",
    b"\r\n",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\0\0\0",
    b"\x03",
    b"\xff",
    b"{}",
];

/// However it is cut, the same stream gives the same frames and the same end.
fn agrees<F: Framing + Clone>(framing: &F, wire: &[u8], rng: &mut Rng) {
    let (frames, end) = decode(&mut framing.clone(), &[wire]);
    let at = rng.below(wire.len() + 1);
    let (first, rest) = wire.split_at(at);
    let (again, other) = decode(&mut framing.clone(), &[first, rest]);
    assert_eq!(again, frames, "{wire:?} at {at}");
    assert_eq!(other.is_ok(), end.is_ok(), "{wire:?} at {at}");
    let bytes: usize = frames.iter().map(|frame| frame.len()).sum();
    assert!(bytes <= wire.len());
}

#[test]
fn noise_is_frames_or_an_error_and_no_panic() {
    let mut rng = Rng::new(4);
    for _ in 0..20_000 {
        let mut wire = Vec::new();
        for _ in 0..rng.below(24) {
            let piece = rng.below(PIECES.len());
            wire.extend_from_slice(PIECES[piece]);
        }
        agrees(&LengthDelimited::new().max_frame(8), &wire, &mut rng);
        agrees(&ContentLength::new().max_header(40), &wire, &mut rng);
        for newline in [Newline::Any, Newline::Lf, Newline::CrLf] {
            let framing = Lines::new().newline(newline).max_line(12);
            agrees(&framing, &wire, &mut rng);
        }
    }
}
