//! Both ends ours, and the testkit's suite.

use await_layer::{AwaitLayer, CallError, Pack, Packer, Protocol, Refused, SharedCounter, Unpack};
use await_layer::{memory, serve};
use await_layer_protocols::dbus::{
    Body, Codec, DBus, ErrorReply, Failure, Message, Messages, Outcome,
};
use await_layer_testkit::conformance::{self, Samples, mangled};
use bytes::Bytes;
use futures::executor::block_on;
use futures::future::join;

/// What the suite compares: it wants values that pack and unpack, and an
/// answer is another type at each end.
#[derive(Debug, PartialEq)]
struct Answered(Body);

/// The packer of the crate, for those two.
struct Both;

impl Packer for Both {
    type Error = Failure;
}

impl Pack<Bytes, Message> for Both {
    fn pack(&self, message: &Message) -> Result<Bytes, Failure> {
        Messages.pack(message)
    }
}

impl Unpack<Bytes, Message> for Both {
    fn unpack(&self, frame: Bytes) -> Result<Message, Failure> {
        Messages.unpack(frame)
    }
}

impl Pack<Bytes, Answered> for Both {
    fn pack(&self, answer: &Answered) -> Result<Bytes, Failure> {
        Messages.pack(&Outcome::Ok(answer.0.clone()))
    }
}

impl Unpack<Bytes, Answered> for Both {
    fn unpack(&self, frame: Bytes) -> Result<Answered, Failure> {
        Messages.unpack(frame).map(Answered)
    }
}

struct Tried;

impl Protocol for Tried {
    type Frame = Bytes;
    type Packer = Both;
    type Codec = Codec;
    type Ids = SharedCounter<u32>;

    fn into_parts(self) -> (Both, Codec, SharedCounter<u32>) {
        let (_, codec, ids) = DBus::new().into_parts();
        (Both, codec, ids)
    }
}

fn call(member: &str) -> Message {
    Message::call("/org/example", "org.example", member)
}

#[test]
fn dbus_conforms() {
    let signal = Message::signal("/", "org.example", "Changed").with(Body::new().string("é"));
    let signal = Messages.pack(&signal).unwrap();
    let outcome = Messages.pack(&Outcome::Ok(Body::new())).unwrap();
    let frame = Messages.pack(&call("Do").to(":1.7").with(Body::new().uint32(1)));
    let mut hostile = mangled(&frame.unwrap(), 7);
    hostile.extend(mangled(&signal, 8));
    let samples = Samples::new(
        [
            call("Do"),
            Message::to_bus("RequestName").with(Body::new().string("org.example").uint32(4)),
            Message {
                interface: None,
                flags: 6,
                ..call("Do")
            },
        ],
        [
            Answered(Body::new()),
            Answered(Body::new().uint32(1)),
            Answered(Body::new().string("é")),
            Answered(Body::encoded("ax", vec![0; 1024])),
        ],
    )
    .numbered()
    .plain([signal.clone()])
    .unsealable([
        Bytes::new(),
        Bytes::from_static(b"l\x01\0\x01"),
        signal,
        outcome,
    ])
    .hostile(hostile.into_iter().map(Bytes::from));
    conformance::protocol(|| Tried, &samples);
}

#[test]
fn errors_of_the_handler_s_and_refusals_fail_the_call() {
    let (left, right) = memory::pair(8);
    let client = AwaitLayer::new(left, DBus::new()).handle();
    let (_, requests) = AwaitLayer::new(right, DBus::new()).split();
    let service = serve(requests, 16, async |call: Message| {
        match call.member.as_deref() {
            Some("Nothing") => Err(()),
            _ => Ok(Outcome::Err(ErrorReply::unknown_method())),
        }
    });
    let unknown = client.send_await::<Body>(&call("Unknown"));
    let nothing = client.send_await::<Body>(&call("Nothing"));
    let zero = client.send_await::<Body>(&call("Do")).with_id(0);
    drop(client);
    let calls = async {
        let zero = zero.await.unwrap_err();
        assert!(
            matches!(
                &zero,
                CallError::Refused {
                    why: Refused::Seal(_),
                    ..
                }
            ),
            "{zero:?}"
        );
        let name = |error| match error {
            CallError::Unpack(Failure::Remote(error)) => error.name,
            other => panic!("{other:?}"),
        };
        let unknown = name(unknown.await.unwrap_err());
        assert_eq!(unknown, "org.freedesktop.DBus.Error.UnknownMethod");
        assert_eq!(
            name(nothing.await.unwrap_err()),
            "org.freedesktop.DBus.Error.Failed"
        );
    };
    block_on(join(calls, service));
}

#[test]
fn calls_that_expect_no_reply_are_messages() {
    let (left, right) = memory::pair(8);
    let client = AwaitLayer::new(left, DBus::new()).handle();
    let mut incoming = AwaitLayer::new(right, DBus::new());
    let service = incoming.handle();
    let sent = async {
        client
            .send(&call("Do").with(Body::new().string("it")))
            .await
            .unwrap();
        client.close().await;
    };
    let taken = async {
        let frame = futures::StreamExt::next(&mut incoming)
            .await
            .unwrap()
            .unwrap();
        let message: Message = service.unpack(frame).unwrap();
        assert_eq!(message.member.as_deref(), Some("Do"));
        assert_eq!(
            (message.flags, message.body.values().string()),
            (0, Some("it"))
        );
    };
    block_on(join(sent, taken));
    assert_eq!(client.stats().calls, 0);
}
