//! Where messages end.

use await_layer::{AwaitIdCodec, Head, Pack, Protocol};
use await_layer_framing::{Framing, FramingError};
use await_layer_protocols::ldap::{Ldap, LdapFraming, Operation, Operations};
use bytes::{Bytes, BytesMut};

fn message(length: usize) -> Bytes {
    let mut frame = Operations
        .pack(&Operation::delete(&"x".repeat(length)))
        .unwrap();
    let (_, mut codec, _) = Ldap::new().into_parts();
    codec.seal(&mut frame, Head::Request(&(1 << 20))).unwrap();
    frame
}

#[test]
fn messages_arrive_whole_however_they_are_cut() {
    let messages = [0, 1, 120, 300].map(message);
    let mut wire = BytesMut::new();
    for message in &messages {
        LdapFraming::new().encode(message, &mut wire).unwrap();
    }
    for step in 1..wire.len() {
        let mut receiver = LdapFraming::new();
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
fn no_length_that_is_declared_is_believed() {
    let mut framing = LdapFraming::new().max_message(100);
    let mut huge = BytesMut::from(&b"\x30\x84\xff\xff\xff\xff"[..]);
    let error = framing.decode(&mut huge).unwrap_err();
    assert!(matches!(&error, FramingError::TooLarge(_)), "{error}");
    for garbage in [
        &b"GET / HTTP/1.1"[..],
        b"\x16\x03\x01",
        b"\x30\x80\x02\x01\x01",
        b"\x30\x85\0\0\0\0\x05",
    ] {
        let error = framing.decode(&mut BytesMut::from(garbage)).unwrap_err();
        assert!(matches!(&error, FramingError::Malformed(_)), "{error}");
    }
    let mut cut = BytesMut::from(&b"\x30\x05\x02"[..]);
    assert_eq!(framing.decode(&mut cut).unwrap(), None);
    let error = framing.decode_end(&mut cut).unwrap_err();
    assert!(matches!(error, FramingError::CutOff(_)));
    assert!(framing.check(&message(100)).is_err());
    assert!(framing.check(b"\x30\x05\x02").is_err());
    assert!(framing.check(&message(10)).is_ok());
}
