//! Four bytes of length, then the frame.

use await_layer_framing::{Framing, LengthDelimited};
use bytes::{Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

use crate::feed::{cut_off, holds, refused, round_trip, unsendable};

#[test]
fn frames_come_out_wherever_the_stream_is_cut() {
    let framing = LengthDelimited::new();
    let wire = b"\0\0\0\x02hi\0\0\0\0\0\0\0\x03\0\n\xff";
    holds(&framing, wire, &[b"hi", b"", b"\0\n\xff"]);
    round_trip(&framing, &[b"", b"one", &[0; 300], b""]);
    cut_off(&framing, b"\0\0\0\x02hi");
    holds(&framing, b"", &[]);
}

#[test]
fn the_limit_holds_either_way() {
    let framing = LengthDelimited::new().max_frame(4);
    round_trip(&framing, &[b"1234"]);
    let why = refused(&framing, b"\0\0\0\x01!\0\0\0\x05", 1);
    assert_eq!(
        why,
        "the peer announces a frame of 5 bytes; max_frame allows 4"
    );
    let why = unsendable(&framing, b"12345");
    assert!(why.contains("5 bytes and max_frame allows 4"), "{why}");
}

#[test]
fn nothing_is_allocated_for_a_length_that_is_only_announced() {
    let mut framing = LengthDelimited::new().max_frame(usize::MAX);
    let mut wire = BytesMut::from(&b"\xff\xff\xff\xff!"[..]);
    assert_eq!(framing.decode(&mut wire).unwrap(), None);
    assert!(wire.capacity() < 1000, "{} bytes", wire.capacity());
    // So that this is not for nothing: a codec that does reserve it.
    let mut other = LengthDelimitedCodec::new();
    let mut wire = BytesMut::from(&b"\0\x7f\xff\xff!"[..]);
    assert_eq!(other.decode(&mut wire).unwrap(), None);
    assert!(wire.capacity() > 1 << 20, "{} bytes", wire.capacity());
}

#[test]
fn tokio_utils_codec_speaks_the_same() {
    let (mut ours, mut theirs) = (LengthDelimited::new(), LengthDelimitedCodec::new());
    for frame in [&b""[..], b"hi", &[7; 70_000]] {
        let mut wire = BytesMut::new();
        ours.encode(frame, &mut wire).unwrap();
        assert_eq!(theirs.decode(&mut wire).unwrap().unwrap(), frame);
        theirs
            .encode(Bytes::copy_from_slice(frame), &mut wire)
            .unwrap();
        assert_eq!(ours.decode(&mut wire).unwrap().unwrap(), frame);
        assert!(wire.is_empty());
    }
}
