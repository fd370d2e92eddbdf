//! What a message is, and what message ids do to it.

use await_layer::Unpack;
use await_layer::{AwaitIdCodec, Head, IdGenerator, Pack, Peek, Protocol, Refusal, Slot, SlotIds};
use await_layer_protocols::Malformed;
use await_layer_protocols::ldap::{
    Ask, Ber, Codec, Entry, Failure, Filter, Found, Ldap, Operation, Operations, Outcome, Scope,
};
use bytes::Bytes;

/// One end of a connection.
struct End(Codec, SlotIds<i32>, u32);

impl End {
    fn new() -> Self {
        let (_, codec, ids) = Ldap::new().into_parts();
        Self(codec, ids, 0)
    }

    fn seal(&mut self, mut frame: Bytes, head: Head<'_, i32, Ask>) -> Bytes {
        self.0.seal(&mut frame, head).unwrap();
        frame
    }

    fn request(&mut self, operation: &Operation) -> (i32, Bytes) {
        let slot = Slot {
            index: self.2,
            turn: 0,
        };
        self.2 += 1;
        let id = self.1.next(slot).unwrap();
        (
            id,
            self.seal(Operations.pack(operation).unwrap(), Head::Request(&id)),
        )
    }

    fn peek(&mut self, frame: &[u8]) -> Peek<i32, Ask> {
        self.0.peek(&Bytes::copy_from_slice(frame))
    }
}

fn sealed(id: i32, operation: &Operation) -> Bytes {
    End::new().seal(Operations.pack(operation).unwrap(), Head::Request(&id))
}

#[test]
fn requests_are_what_the_standard_says() {
    let bind = sealed(1, &Operation::bind("cn=a", "pw"));
    assert_eq!(
        *bind,
        *b"\x30\x12\x02\x01\x01\x60\x0d\x02\x01\x03\x04\x04cn=a\x80\x02pw"
    );
    let filter = Filter::equal("cn", "a");
    let search = Operation::search("o=x", Scope::OneLevel, &filter, &["cn"]);
    let expected = b"\x30\x29\x02\x02\x01\0\x63\x23\x04\x03o=x\x0a\x01\x01\x0a\x01\0\
        \x02\x01\0\x02\x01\0\x01\x01\0\xa3\x07\x04\x02cn\x04\x01a\x30\x04\x04\x02cn";
    assert_eq!(*sealed(256, &search), *expected);
    let delete = Operation::delete("cn=a").control("1.2", true, b"v");
    let expected = b"\x30\x18\x02\x01\x07\x4a\x04cn=a\xa0\x0d\x30\x0b\x04\x031.2\
        \x01\x01\xff\x04\x01v";
    assert_eq!(*sealed(7, &delete), *expected);
}

#[test]
fn numbers_take_no_byte_more_than_they_need() {
    for (number, bytes) in [
        (0, &[0][..]),
        (127, &[0x7f]),
        (128, &[0, 0x80]),
        (-1, &[0xff]),
        (-128, &[0x80]),
        (-129, &[0xff, 0x7f]),
        (1 << 20, &[0x10, 0, 0]),
        (i32::MAX, &[0x7f, 0xff, 0xff, 0xff]),
        (i32::MIN, &[0x80, 0, 0, 0]),
    ] {
        let ber = Ber::new().integer(0x02, number);
        assert_eq!(&ber.as_bytes()[2..], bytes, "{number}");
        assert_eq!(ber.values().integer(0x02), Some(number));
    }
    for bytes in [&[][..], &[1, 0, 0, 0, 0]] {
        let ber = Ber::new().bytes(0x02, bytes);
        assert_eq!(ber.values().integer(0x02), None);
    }
    for length in [127, 128, 255, 256, 65_536] {
        let value = vec![7; length];
        let ber = Ber::new().bytes(0x04, &value);
        assert_eq!(ber.values().bytes(0x04), Some(&value[..]));
    }
}

#[test]
fn lengths_may_be_longer_than_they_need_be() {
    // As Active Directory writes them.
    let reply = b"\x30\x84\0\0\0\x16\x02\x01\x05\x64\x84\0\0\0\x0d\x04\x03o=x\x30\x84\0\0\0\0";
    let mut reply = reply.to_vec();
    reply[5] = u8::try_from(reply.len() - 6).unwrap();
    reply[14] = u8::try_from(reply.len() - 15).unwrap();
    let mut end = End::new();
    assert_eq!(end.peek(&reply), Peek::Part(5));
    let found: Found = Operations.unpack(reply.into()).unwrap();
    assert_eq!(found, Found::Entry(Entry::new("o=x")));
}

#[test]
fn a_result_bears_the_tag_of_its_request() {
    let (mut client, mut server) = (End::new(), End::new());
    for (operation, tag) in [
        (Operation::bind("", ""), 0x61),
        (Operation::delete("cn=a"), 0x6b),
        (Operation::new(0x6c, Ber::new()), 0x6d),
        (Operation::extended("1.2", None), 0x78),
    ] {
        let (id, frame) = client.request(&operation);
        let Peek::Request(ask) = server.peek(&frame) else {
            panic!("{operation:?}");
        };
        let outcome = Operations.pack(&Outcome::new(0, "")).unwrap();
        let reply = server.seal(outcome, Head::Reply(&ask));
        assert_eq!(client.peek(&reply), Peek::Reply(id));
        let result: Operation = Operations.unpack(reply).unwrap();
        assert_eq!(result.tag, tag);
        let refusal = server.0.refuse(&ask, Refusal::Dropped).unwrap();
        assert_eq!(client.peek(&refusal), Peek::Reply(id));
        let failed: Result<Outcome, _> = Operations.unpack(refusal);
        assert!(matches!(
            failed,
            Err(Failure::Remote(Outcome { code: 80, .. }))
        ));
        assert_eq!(server.0.refuse(&ask, Refusal::Cancelled), None);
        assert_eq!(server.0.refuse(&ask, Refusal::Duplicate), None);
    }
    for (code, fails) in [
        (0, false),
        (5, false),
        (6, false),
        (14, false),
        (10, true),
        (49, true),
    ] {
        assert_eq!(Outcome::new(code, "").is_error(), fails, "{code}");
    }
}

/// A login that was refused, in a text that is no UTF-8 or with nothing in it,
/// must not pass for one that was not.
#[test]
fn a_result_that_is_hard_to_read_is_no_success() {
    let result = |content: Ber| {
        let message = Ber::new().integer(0x02, 5).nested(0x61, &content);
        let message = Ber::new().nested(0x30, &message);
        Operations.unpack(Bytes::copy_from_slice(message.as_bytes()))
    };
    let code = Ber::new().integer(0x0a, 49);
    let latin = code.clone().bytes(0x04, b"").bytes(0x04, b"gesch\xe4ft");
    let failed: Result<Operation, _> = result(latin);
    assert!(
        matches!(&failed, Err(Failure::Remote(Outcome { code: 49, text, .. })) if text.starts_with("gesch")),
        "{failed:?}"
    );
    for content in [Ber::new(), Ber::new().integer(0x02, 49), code] {
        let failed = result(content);
        assert!(
            matches!(failed, Err(Failure::Body(Malformed(_)))),
            "{failed:?}"
        );
    }
}

#[test]
fn an_abandon_has_an_id_of_its_own_and_names_the_call() {
    let (mut client, mut server) = (End::new(), End::new());
    let (id, frame) = client.request(&Operation::delete("cn=a"));
    let asked = server.peek(&frame);
    let abandons = [client.0.cancel(&id).unwrap(), client.0.cancel(&id).unwrap()];
    assert_ne!(abandons[0], abandons[1]);
    for abandon in abandons {
        let Peek::Cancel(cancelled) = server.peek(&abandon) else {
            panic!("no cancel");
        };
        assert_eq!(asked, Peek::Request(cancelled));
        // Neither the call's id, nor 0.
        assert!(abandon[..5] != frame[..5] && abandon[4] != 0);
    }
}

#[test]
fn notices_and_goodbyes_are_messages() {
    let mut end = End::new();
    let notice = Ber::new()
        .integer(0x0a, 52)
        .bytes(0x04, "")
        .bytes(0x04, "bye");
    let notice = Operation::new(0x78, notice.bytes(0x8a, "1.3.6.1.4.1.1466.20036"));
    let notice = end.seal(Operations.pack(&notice).unwrap(), Head::Plain);
    assert_eq!(notice[..5], *b"\x30\x27\x02\x01\x00");
    assert_eq!(end.peek(&notice), Peek::Other);
    let unpacked: Result<Operation, _> = Operations.unpack(notice);
    assert_eq!(unpacked, Err(Failure::Remote(Outcome::new(52, "bye"))));
    let unbind = end.seal(Operations.pack(&Operation::unbind()).unwrap(), Head::Plain);
    assert_eq!(*unbind, *b"\x30\x05\x02\x01\x01\x42\x00");
    assert_eq!(end.peek(&unbind), Peek::Other);
}

#[test]
fn what_is_broken_ends_no_call() {
    let mut end = End::new();
    for broken in [
        &b""[..],
        b"\x30",
        b"\x30\x80\x02\x01\x01\x42\0\0\0",
        b"\x30\x05\x02\x01\x01\x42",
        b"\x30\x06\x02\x01\x01\x42\0\0",
        b"\x30\x05\x02\x01\xff\x65\0",
        b"\x30\x05\x04\x01\x01\x65\0",
        b"\x30\x06\x02\x01\x01\x7f\x65\0",
        b"\x30\x09\x02\x05\x01\0\0\0\0\x65\0",
        b"\x31\x05\x02\x01\x01\x65\0",
        b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff\x02\x01\x01\x65\0",
        // Of no kind that we know.
        b"\x30\x05\x02\x01\x01\x7e\0",
    ] {
        assert_eq!(end.peek(broken), Peek::Other, "{broken:?}");
        let unpacked: Result<Found, _> = Operations.unpack(Bytes::copy_from_slice(broken));
        assert!(
            matches!(unpacked, Err(Failure::Body(Malformed(_)))),
            "{broken:?}"
        );
    }
    assert_eq!(end.peek(b"\x30\x05\x02\x01\x01\x50\0"), Peek::Skip);
    assert_eq!(end.peek(b"\x30\x05\x02\x01\x09\x65\0"), Peek::Reply(9));
    // Deep nesting costs no stack.
    let mut deep = Ber::new();
    for _ in 0..10_000 {
        deep = Ber::new().nested(0xa2, &deep);
    }
    let deep = Operation::search("", Scope::Base, &Filter::encoded(deep), &[]);
    assert!(matches!(end.peek(&sealed(5, &deep)), Peek::Request(_)));
}
