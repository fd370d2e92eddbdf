//! Where messages end, and the lines before the first.

use await_layer::{AwaitIdCodec, Protocol};
use await_layer::{Head, Pack};
use await_layer_framing::{Framing, FramingError};
use await_layer_protocols::dbus::{Body, DBus, DBusFraming, Message, Messages};
use bytes::{Bytes, BytesMut};

const GREETING: &[u8] = b"\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

fn message(text: &str) -> Bytes {
    let call = Message::to_bus("Hello").with(Body::new().string(text));
    let mut frame = Messages.pack(&call).unwrap();
    let (_, mut codec, _) = DBus::new().into_parts();
    codec.seal(&mut frame, Head::Request(&7)).unwrap();
    frame
}

#[test]
fn messages_arrive_whole_however_they_are_cut() {
    let messages = ["", "x", "twelve bytes"].map(message);
    let mut sender = DBusFraming::new();
    let mut wire = BytesMut::new();
    for message in &messages {
        sender.encode(message, &mut wire).unwrap();
    }
    for step in 1..wire.len() {
        let mut receiver = DBusFraming::new();
        let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
        for chunk in wire.chunks(step) {
            buffer.extend_from_slice(chunk);
            while let Some(frame) = receiver.decode(&mut buffer).unwrap() {
                got.push(frame);
            }
        }
        assert_eq!(got, messages);
        assert_eq!(receiver.decode_end(&mut buffer).unwrap(), None);
    }
}

#[test]
fn the_greeting_leaves_once_and_the_bus_answers_before_its_messages() {
    let mut framing = DBusFraming::external();
    let mut wire = BytesMut::new();
    framing.encode(&message(""), &mut wire).unwrap();
    framing.encode(&message("x"), &mut wire).unwrap();
    assert_eq!(wire, [GREETING, &message(""), &message("x")].concat());

    // The lines and two messages in one, or in the smallest pieces.
    let heard = [b"DATA\r\nOK 0123abcd\r\n", &*message("y"), &message("z")].concat();
    for step in [1, 2, 7, heard.len()] {
        let mut framing = framing.clone();
        let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
        for chunk in heard.chunks(step) {
            buffer.extend_from_slice(chunk);
            while let Some(frame) = framing.decode(&mut buffer).unwrap() {
                got.push(frame);
            }
        }
        assert_eq!(got, [message("y"), message("z")]);
    }
}

#[test]
fn a_bus_that_refuses_is_an_error_that_says_so() {
    let endless = vec![b'x'; 4096];
    for (line, text) in [
        (&b"REJECTED ANONYMOUS\r\n"[..], "lets nobody in"),
        (b"HTTP/1.1 400 Bad Request\r\n", "lets nobody in"),
        (&endless, "no end"),
    ] {
        let mut framing = DBusFraming::external();
        let error = framing.decode(&mut BytesMut::from(line)).unwrap_err();
        assert!(matches!(&error, FramingError::Malformed(_)), "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
    let mut cut = BytesMut::from(&b"DATA\r\nOK"[..]);
    let error = DBusFraming::external().decode_end(&mut cut).unwrap_err();
    assert!(matches!(error, FramingError::CutOff(_)));
}

#[test]
fn no_length_that_is_declared_is_believed() {
    let mut framing = DBusFraming::new().max_message(100);
    let huge = b"l\x01\0\x01\xff\xff\xff\xff\x01\0\0\0\xff\xff\xff\xff";
    let error = framing.decode(&mut BytesMut::from(&huge[..])).unwrap_err();
    assert!(matches!(&error, FramingError::TooLarge(_)), "{error}");
    for garbage in [&b"GET / HTTP/1.1"[..], b"l\x01\0\x02", b"\0"] {
        let mut wire = BytesMut::from(garbage);
        let error = framing.decode(&mut wire).unwrap_err();
        assert!(matches!(&error, FramingError::Malformed(_)), "{error}");
    }
    assert!(framing.check(&message(&"x".repeat(100))).is_err());
    assert!(framing.check(b"no message").is_err());
    assert!(DBusFraming::new().check(&message("x")).is_ok());
}
