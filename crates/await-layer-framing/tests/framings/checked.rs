//! A frame that does not fit goes back as it was.

use await_layer::{AwaitIdCodec, Head, Protocol, WsAwait};
use await_layer_framing::{Checked, Framing, FramingError, LengthDelimited, Lines};
use await_layer_testkit::conformance::{self, Samples, mangled};
use bytes::Bytes;
use serde_json::json;

#[test]
fn the_wire_conforms_with_the_check_around_it() {
    let hostile = mangled(br#"{"awaitId":"_1","body":[{}]}"#, 11);
    let samples = Samples::new([json!({}), json!({ "ask": 1 })], [json!({ "say": null })])
        .plain([Bytes::from(r#"{"no":"id"}"#), Bytes::from("not JSON")])
        .unsealable([Bytes::from("[1]"), Bytes::from("{\"a\":\n1}")])
        .hostile(hostile.into_iter().map(Bytes::from));
    let protocol = || Checked::new(WsAwait::<Bytes>::new(), Lines::new());
    conformance::protocol(protocol, &samples);
}

#[test]
fn a_frame_that_does_not_fit_with_its_id_is_unchanged() {
    for (max, size) in [(50, 45), (50, 500), (2000, 1995), (2000, 5000)] {
        let framing = LengthDelimited::new().max_frame(max);
        let (_, mut codec, _) = Checked::new(WsAwait::<Bytes>::new(), framing).into_parts();
        let body = json!({ "x": "x".repeat(size - 8) }).to_string();
        assert_eq!(body.len(), size);
        let mut frame = Bytes::from(body.clone());
        let id = await_layer::TextId::from("_12345");
        let why = codec.seal(&mut frame, Head::Request(&id)).unwrap_err();
        assert!(why.to_string().contains("max_frame"), "{why}");
        assert_eq!(frame, body);
    }
}

#[test]
fn an_io_error_keeps_the_reason_that_it_was_made_of() {
    let reason = await_layer::CloseReason::new(await_layer::Cause::Eof, "it exited").with_code(3);
    let error = FramingError::from(std::io::Error::other(reason.clone()));
    assert!(matches!(&error, FramingError::Closed(got) if *got == reason));
    let error = FramingError::from(std::io::Error::other("cable"));
    assert!(matches!(&error, FramingError::Io(got, _) if got.text() == "cable"));
    assert!(LengthDelimited::default().check(&[]).is_ok());
}
