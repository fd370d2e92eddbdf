//! What frames are, and what becomes of their opcode and options.

use await_layer::{AwaitIdCodec, BinaryFrame, Head, Json, JsonFrame, Pack, Unpack, WsAwaitCodec};
use await_layer_deflate::{Frame, SendOptions, With};
use serde_json::{Value, json};

fn binary(binary: bool) -> SendOptions {
    SendOptions {
        binary: Some(binary),
        ..SendOptions::default()
    }
}

#[test]
fn payloads_come_back_as_they_were() {
    let text = Frame::from_json(r#"{"a":1}"#.to_owned());
    assert_eq!(text, Frame::text(r#"{"a":1}"#));
    assert_eq!(text.json(), Some(&br#"{"a":1}"#[..]));
    assert_eq!(text.as_text(), Some(r#"{"a":1}"#));
    assert_eq!(BinaryFrame::binary(&text), None);

    let bytes = Frame::from_binary(vec![0xFF, 0]);
    assert_eq!(BinaryFrame::binary(&bytes), Some(&[0xFF, 0][..]));
    // Binary messages may hold JSON; the packer finds out.
    assert_eq!(bytes.json(), Some(&[0xFF, 0][..]));
    assert_eq!(bytes.as_text(), None);

    for control in [Frame::ping("x"), Frame::pong("x")] {
        assert_eq!(control.json(), None);
        assert_eq!(BinaryFrame::binary(&control), None);
        assert_eq!(control.len(), 1);
    }
    assert_ne!(text, Frame::text(r#"{"a":2}"#));
    assert_ne!(text, Frame::binary(r#"{"a":1}"#));
}

#[test]
fn the_option_binary_chooses_the_opcode() {
    let (text, bytes) = (Frame::text("{}"), Frame::binary("{}"));
    assert_eq!(text.clone().with_options(binary(true)), bytes);
    assert_eq!(text.clone().with_options(binary(false)), text);
    assert_eq!(bytes.clone().with_options(binary(false)), text);
    // Stays what it is; sending it fails.
    let no_text = Frame::binary(vec![0xFF]);
    assert_eq!(no_text.clone().with_options(binary(false)), no_text);
}

#[test]
fn debug_prints_no_payload() {
    let secret = "s3cret";
    for frame in [
        Frame::text(secret),
        Frame::binary(secret),
        Frame::ping(secret),
        Frame::pong(secret),
    ] {
        let debug = format!("{frame:?}");
        assert!(debug.ends_with("(6 bytes)"), "{debug}");
        assert!(!debug.contains("s3c"), "{debug}");
    }
    let with = format!("{:?}", With(secret, binary(true)));
    assert!(
        with.contains("Some(true)") && !with.contains("s3c"),
        "{with}"
    );
}

#[test]
fn frames_and_values_with_options_pack_with_the_json_packer() {
    let ping = Frame::ping("x");
    let packed: Frame = Json.pack(&ping).unwrap();
    assert_eq!(packed, ping);
    let unpacked: Frame = Json.unpack(packed).unwrap();
    assert_eq!(unpacked, ping);
    let packed: Frame = Json.pack(&With(json!({ "a": 1 }), binary(true))).unwrap();
    assert_eq!(packed, Frame::binary(r#"{"a":1}"#));
    assert_eq!(packed.options(), binary(true));
    let unpacked: Value = Json.unpack(packed).unwrap();
    assert_eq!(unpacked, json!({ "a": 1 }));
}

#[test]
fn opcode_and_options_survive_seal_and_strip() {
    let mut codec = WsAwaitCodec::new();
    let (plain, sealed) = (r#"{"a":1}"#, r#"{"awaitId":"_x","a":1}"#);
    let options = SendOptions {
        compress: Some(true),
        ..SendOptions::default()
    };
    for (plain, sealed) in [
        (Frame::binary(plain), Frame::binary(sealed)),
        (Frame::text(plain), Frame::text(sealed)),
    ] {
        let mut frame = plain.clone().with_options(options);
        codec.seal(&mut frame, Head::Request(&"_x".into())).unwrap();
        assert_eq!(frame, sealed);
        assert_eq!(frame.options(), options);
        AwaitIdCodec::<Frame>::strip(&mut codec, &mut frame);
        assert_eq!(frame, plain);
        assert_eq!(frame.options(), options);
    }
}
