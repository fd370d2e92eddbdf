//! What a message is, and what serials do to it.

use await_layer::{AwaitIdCodec, Head, IdGenerator, Pack, Peek, Protocol, Refusal, SharedCounter};
use await_layer::{Slot, Unpack};
use await_layer_protocols::Malformed;
use await_layer_protocols::dbus::{
    Ask, Body, Codec, DBus, ErrorReply, Failure, Kind, Message, Messages, Outcome,
};
use bytes::Bytes;

/// `Hello` as libdbus sends it, written out by hand.
const HELLO: &[u8] = b"l\x01\0\x01\0\0\0\0\x01\0\0\0\x6d\0\0\0\
    \x01\x01o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0\
    \x02\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\
    \x03\x01s\0\x05\0\0\0Hello\0\0\0\
    \x06\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0";

/// A call with its numbers big end first, and a serial of 258.
const BIG: &[u8] = b"B\x01\0\x01\0\0\0\x0c\0\0\x01\x02\0\0\0\x38\
    \x01\x01o\0\0\0\0\x01/\0\0\0\0\0\0\0\
    \x03\x01s\0\0\0\0\x02Do\0\0\0\0\0\0\
    \x07\x01s\0\0\0\0\x04:1.7\0\0\0\0\
    \x08\x01g\0\x02su\0\
    \0\0\0\0\0\0\0\0\0\0\0\x07";

/// One end of a connection.
struct End(Codec, SharedCounter<u32>);

impl End {
    fn new() -> Self {
        let (_, codec, ids) = DBus::new().into_parts();
        Self(codec, ids)
    }

    fn seal(&mut self, mut frame: Bytes, head: Head<'_, u32, Ask>) -> Bytes {
        self.0.seal(&mut frame, head).unwrap();
        frame
    }

    fn request(&mut self, message: &Message) -> (u32, Bytes) {
        let id = self.1.next(Slot { index: 0, turn: 0 }).unwrap();
        let frame = self.seal(Messages.pack(message).unwrap(), Head::Request(&id));
        (id, frame)
    }

    fn asked(&mut self, frame: &Bytes) -> Ask {
        match self.0.peek(frame) {
            Peek::Request(ask) => ask,
            other => panic!("{other:?}"),
        }
    }
}

fn serial(frame: &Bytes) -> u32 {
    u32::from_le_bytes(frame[8..12].try_into().unwrap())
}

fn outcome(outcome: Outcome) -> Bytes {
    Messages.pack(&outcome).unwrap()
}

#[test]
fn hello_is_what_libdbus_sends() {
    let (id, frame) = End::new().request(&Message::to_bus("Hello"));
    assert_eq!((id, &*frame.slice(..12)), (1, &HELLO[..12]));
    let hello = Bytes::from_static(HELLO);
    let message: Message = Messages.unpack(hello.clone()).unwrap();
    assert_eq!(message, Message::to_bus("Hello"));
    assert_eq!(frame, hello);
}

#[test]
fn either_byte_order_is_read() {
    let mut end = End::new();
    let frame = Bytes::from_static(BIG);
    let ask = end.asked(&frame);
    let message: Message = Messages.unpack(frame).unwrap();
    assert_eq!(
        (message.kind, message.path.as_deref()),
        (Kind::Call, Some("/"))
    );
    assert_eq!(message.sender.as_deref(), Some(":1.7"));
    assert!(message.body.is_big_end_first());
    let mut values = message.body.values();
    assert_eq!((values.string(), values.uint32()), (Some(""), Some(7)));
    assert_eq!((values.string(), values.uint32()), (None, None));
    let refused: Result<Bytes, _> = Messages.pack(&message);
    assert!(matches!(refused, Err(Failure::Body(Malformed(_)))));

    // Answered little end first, to the sender.
    let reply = end.seal(outcome(Ok(Body::new())), Head::Reply(&ask));
    let mut peer = End::new();
    assert_eq!(peer.0.peek(&reply), Peek::Reply(258));
    let body: Body = Messages.unpack(reply.clone()).unwrap();
    assert_eq!(body, Body::new());
    assert!(reply.windows(5).any(|bytes| bytes == b":1.7\0"));
}

#[test]
fn every_message_that_leaves_takes_the_next_serial() {
    let (mut end, mut peer) = (End::new(), End::new());
    let ask = end.asked(&peer.request(&Message::to_bus("Hello")).1);
    let (first, _) = end.request(&Message::to_bus("Hello"));
    let signal = Messages.pack(&Message::signal("/", "a.b", "C")).unwrap();
    let signal = end.seal(signal, Head::Plain);
    let reply = end.seal(outcome(Ok(Body::new())), Head::Reply(&ask));
    let refusal = end.0.refuse(&ask, Refusal::Busy).unwrap();
    let (last, _) = end.request(&Message::to_bus("Hello"));
    assert_eq!(first, 1);
    assert_eq!([&signal, &reply, &refusal].map(serial), [2, 3, 4]);
    assert_eq!(last, 5);
}

#[test]
fn peers_with_the_same_serial_are_told_apart() {
    let mut end = End::new();
    let from = |sender: &str| {
        let sender = Some(sender.to_owned());
        let message = Message {
            sender,
            ..Message::call("/", "a.b", "Do")
        };
        End::new().request(&message).1
    };
    let asks = [":1.1", ":1.23456789"].map(|sender| end.asked(&from(sender)));
    assert_ne!(asks[0], asks[1]);
    for (ask, sender) in asks.iter().zip([":1.1", ":1.23456789"]) {
        for body in [
            Body::new(),
            Body::new().string("x"),
            Body::encoded("t", [7; 8]),
        ] {
            let reply = end.seal(outcome(Ok(body.clone())), Head::Reply(ask));
            assert_eq!(end.0.peek(&reply), Peek::Reply(1));
            let to = format!("{sender}\0");
            assert!(reply.windows(to.len()).any(|bytes| bytes == to.as_bytes()));
            let got: Body = Messages.unpack(reply).unwrap();
            assert_eq!(got, body);
        }
    }
}

#[test]
fn an_error_reply_fails_the_call() {
    let mut end = End::new();
    let (_, frame) = End::new().request(&Message::to_bus("Hello"));
    let ask = end.asked(&frame);
    let error = ErrorReply::new("org.example.Broken", "it is broken");
    let reply = end.seal(outcome(Err(error.clone())), Head::Reply(&ask));
    assert_eq!(end.0.peek(&reply), Peek::Reply(1));
    let failed: Result<Body, _> = Messages.unpack(reply);
    assert_eq!(failed, Err(Failure::Remote(error.clone())));
    assert_eq!(error.to_string(), "it is broken (org.example.Broken)");
    assert_eq!(end.0.refuse(&ask, Refusal::Duplicate), None);
}

#[test]
fn the_flag_goes_by_how_a_call_is_sent() {
    let mut end = End::new();
    let call = Message {
        flags: 3,
        ..Message::to_bus("Hello")
    };
    let packed: Bytes = Messages.pack(&call).unwrap();
    assert_eq!(packed[2], 2);
    assert_eq!(end.request(&call).1[2], 2);
    let sent = end.seal(packed, Head::Plain);
    assert_eq!(sent[2], 3);
    assert_eq!(end.0.peek(&sent), Peek::Other);
}

#[test]
fn what_no_bus_would_take_does_not_pack() {
    let call = |path: &str, member: &str| Message::call(path, "a.b", member);
    for message in [
        call("", "Do"),
        call("relative", "Do"),
        call("/", ""),
        call("/", "D\0o"),
        call("/", "Do").with(Body::new().string("a\0b")),
        call("/", "Do").with(Body::encoded("y".repeat(256), [0; 256])),
        Message {
            interface: None,
            ..Message::signal("/", "a.b", "C")
        },
    ] {
        let packed: Result<Bytes, _> = Messages.pack(&message);
        assert!(
            matches!(packed, Err(Failure::Body(Malformed(_)))),
            "{message:?}"
        );
    }
    let nameless: Result<Bytes, _> = Messages.pack(&Outcome::Err(ErrorReply::new("", "x")));
    assert!(matches!(nameless, Err(Failure::Body(Malformed(_)))));
}

#[test]
fn what_is_broken_ends_no_call() {
    let mut end = End::new();
    let peek = |end: &mut End, change: fn(&mut Vec<u8>)| {
        let mut frame = HELLO.to_vec();
        change(&mut frame);
        end.0.peek(&frame.into())
    };
    assert_eq!(peek(&mut end, |frame| frame[1] = 2), Peek::Stray);
    assert_eq!(peek(&mut end, |frame| frame[1] = 9), Peek::Skip);
    for broken in [
        |frame: &mut Vec<u8>| frame.clear(),
        |frame: &mut Vec<u8>| frame[0] = b'x',
        |frame: &mut Vec<u8>| frame[3] = 2,
        |frame: &mut Vec<u8>| frame[12] -= 1,
        // No serial.
        |frame: &mut Vec<u8>| frame[8] = 0,
        // A string that ends beyond the message.
        |frame: &mut Vec<u8>| frame[23] = 0xff,
        // A type that no field has.
        |frame: &mut Vec<u8>| frame[18] = b'v',
        |frame: &mut Vec<u8>| frame.push(0),
    ] {
        assert_eq!(peek(&mut end, broken), Peek::Other);
    }
}
