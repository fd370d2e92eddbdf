//! What frames are, and what becomes of their opcode.

use await_layer::{AwaitIdCodec, BinaryFrame, Head, Json, JsonFrame, Pack, Unpack, WsAwaitCodec};
use await_layer_axum::{Binary, Config, Frame};
use axum::extract::ws::Message;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

use crate::server::connected;

#[test]
fn payloads_come_back_as_they_were() {
    let text = Frame::from_json(r#"{"a":1}"#.to_owned());
    assert_eq!(text, Frame::text(r#"{"a":1}"#));
    assert_eq!(text.json(), Some(&br#"{"a":1}"#[..]));
    assert_eq!(text.as_text(), Some(r#"{"a":1}"#));
    assert_eq!(BinaryFrame::binary(&text), None);

    let binary = Frame::from_binary(vec![0xFF, 0]);
    assert_eq!(BinaryFrame::binary(&binary), Some(&[0xFF, 0][..]));
    // Binary messages may hold JSON; the packer finds out.
    assert_eq!(binary.json(), Some(&[0xFF, 0][..]));
    assert_eq!(binary.as_text(), None);

    for control in [Frame::ping("x"), Frame::pong("x")] {
        assert_eq!(control.json(), None);
        assert_eq!(BinaryFrame::binary(&control), None);
        assert_eq!(control.len(), 1);
    }
    assert_ne!(text, Frame::text(r#"{"a":2}"#));
    assert_ne!(text, Frame::binary(r#"{"a":1}"#));
    assert_eq!(text.clone().into_binary(), Frame::binary(r#"{"a":1}"#));
    assert_eq!(text.into_message(), Message::text(r#"{"a":1}"#));
    let message = Message::text("round trip");
    assert_eq!(Frame::from(message.clone()).into_message(), message);
}

#[test]
fn debug_prints_no_payload() {
    let secret = "s3cret";
    for frame in [
        Frame::text(secret),
        Frame::from_json(secret.to_owned()),
        Frame::binary(secret),
        Frame::ping(secret),
        Frame::pong(secret),
    ] {
        let debug = format!("{frame:?}");
        assert!(debug.ends_with("(6 bytes)"), "{debug}");
        assert!(!debug.contains("s3c"), "{debug}");
    }
    assert_eq!(format!("{:?}", Binary(secret)), "Binary(..)");
}

#[test]
fn frames_and_binary_values_pack_with_the_json_packer() {
    let ping = Frame::ping("x");
    let packed: Frame = Json.pack(&ping).unwrap();
    assert_eq!(packed, ping);
    let unpacked: Frame = Json.unpack(packed).unwrap();
    assert_eq!(unpacked, ping);
    let packed: Frame = Json.pack(&Binary(json!({ "a": 1 }))).unwrap();
    assert_eq!(packed, Frame::binary(r#"{"a":1}"#));
    let unpacked: Value = Json.unpack(packed).unwrap();
    assert_eq!(unpacked, json!({ "a": 1 }));
}

#[test]
fn the_opcode_survives_seal_and_strip() {
    let mut codec = WsAwaitCodec::new();
    let (plain, sealed) = (r#"{"a":1}"#, r#"{"awaitId":"_x","a":1}"#);
    for (plain, sealed) in [
        (Frame::binary(plain), Frame::binary(sealed)),
        (Frame::text(plain), Frame::text(sealed)),
        (Frame::from_json(plain.to_owned()), Frame::text(sealed)),
    ] {
        let mut frame = plain.clone();
        codec.seal(&mut frame, Head::Request(&"_x".into())).unwrap();
        assert_eq!(frame, sealed);
        AwaitIdCodec::<Frame>::strip(&mut codec, &mut frame);
        assert_eq!(frame, plain);
    }
}

#[tokio::test]
async fn a_binary_request_and_its_binary_reply_are_a_call() {
    let (handle, _incoming, mut peer) = connected(Config::default()).await;
    let call = handle.send_await::<Frame>(&Binary(json!({ "a": 1 })));
    let answer = async {
        let request = peer.next().await.unwrap().unwrap();
        assert!(request.is_binary());
        // The same object, as the answer.
        peer.send(request).await.unwrap();
    };
    let (reply, ()) = tokio::join!(call, answer);
    assert_eq!(reply.unwrap(), Frame::binary(r#"{"a":1}"#));
}
