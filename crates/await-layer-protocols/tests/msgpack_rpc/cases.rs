//! Messages byte by byte.

use await_layer::IdGenerator;
use await_layer::{
    AwaitIdCodec, Head, Locate, Pack, PackerError, Peek, Protocol, Refusal, Slot, Unpack,
};
use await_layer_protocols::msgpack_rpc::{
    Codec, Failure, Messages, Method, MsgpackRpc, Outcome, Received, RemoteError,
};
use bytes::Bytes;

fn call() -> Bytes {
    Messages.pack(&Method("add", (1, "x"))).unwrap()
}

fn answer(outcome: Outcome<u8, (u8, &str)>) -> Bytes {
    Messages.pack(&outcome).unwrap()
}

fn remote(frame: &'static [u8]) -> RemoteError {
    let unpacked: Result<u8, _> = Messages.unpack(Bytes::from_static(frame));
    match unpacked {
        Err(Failure::Remote(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_method_is_a_request_or_a_notification() {
    let mut frame = call();
    Codec.seal(&mut frame, Head::Plain).unwrap();
    assert_eq!(frame, &b"\x93\x02\xa3add\x92\x01\xa1x"[..]);
    assert_eq!(Codec.peek(&frame), Peek::Other);
    Codec.seal(&mut frame, Head::Request(&0x0102_0304)).unwrap();
    assert_eq!(
        frame,
        &b"\x94\x00\xce\x01\x02\x03\x04\xa3add\x92\x01\xa1x"[..]
    );
    assert_eq!(Codec.peek(&frame), Peek::Request(0x0102_0304));
    let received: Received = Messages.unpack(frame).unwrap();
    assert_eq!(received.method, "add");
    assert_eq!(received.params(), Ok((1_u8, "x".to_owned())));
    assert_eq!(received.params::<u8>(), Err("invalid params".to_owned()));
}

#[test]
fn parameters_are_always_an_array() {
    for (frame, params) in [
        (Messages.pack(&Method("m", ())), &b"\x90"[..]),
        (Messages.pack(&Method("m", (7,))), b"\x91\x07"),
    ] {
        let frame: Bytes = frame.unwrap();
        assert_eq!(frame.strip_prefix(b"\x93\x02\xa1m"), Some(params));
    }
    let many: Bytes = Messages.pack(&Method("m", vec![1; 16])).unwrap();
    assert_eq!(many.get(4), Some(&0xdc));
    let bare: Result<Bytes, _> = Messages.pack(&Method("m", 7));
    assert!(matches!(bare, Err(Failure::Body(PackerError::Pack(_)))));
}

#[test]
fn an_outcome_is_a_good_or_a_bad_reply() {
    let mut good = answer(Ok(5));
    Codec.seal(&mut good, Head::Reply(&9)).unwrap();
    assert_eq!(good, &b"\x94\x01\xce\0\0\0\x09\xc0\x05"[..]);
    assert_eq!(Codec.peek(&good), Peek::Reply(9));
    assert_eq!(Messages.unpack(good).ok(), Some(5_u8));

    let bad = answer(Err((1, "no")));
    assert_eq!(bad, &b"\x94\x01\x00\x92\x01\xa2no\xc0"[..]);
    let error = remote(b"\x94\x01\x00\x92\x01\xa2no\xc0");
    assert_eq!(error.to_string(), "no");
    assert_eq!(error.get::<(u8, String)>().unwrap(), (1, "no".to_owned()));
    assert!(!format!("{error:?}").contains("no"));
    assert_eq!(remote(b"\x94\x01\x00\xa2no\xc0").to_string(), "no");
    assert_eq!(
        remote(b"\x94\x01\x00\x01\xc0").to_string(),
        "an error without a text"
    );

    let nil: Result<Bytes, _> = Messages.pack(&Outcome::<u8, ()>::Err(()));
    assert!(matches!(nil, Err(Failure::Body(PackerError::Pack(_)))));
}

#[test]
fn ids_of_the_peer_may_be_of_any_width() {
    for (frame, ask) in [
        (&b"\x94\x00\x07\xa0\x90"[..], 7),
        (b"\x94\x00\xcc\x07\xa0\x90", 7),
        (b"\xdc\x00\x04\x00\xcf\0\0\0\0\0\0\0\x07\xa0\x90", 7),
        (b"\x94\x00\xce\xff\xff\xff\xff\xa0\x90", u32::MAX),
    ] {
        assert_eq!(Codec.peek(&Bytes::from_static(frame)), Peek::Request(ask));
    }
    let too_large = &b"\x94\x00\xcf\0\0\0\x01\0\0\0\0\xa0\x90"[..];
    assert_eq!(Codec.peek(&Bytes::from_static(too_large)), Peek::Other);
    for stray in [&b"\x94\x01\xff\xc0\xc0"[..], b"\x94\x01\xa1x\xc0\xc0"] {
        assert_eq!(Codec.peek(&Bytes::from_static(stray)), Peek::Stray);
    }
}

#[test]
fn what_is_no_message_is_nobodys() {
    for odd in [
        &b""[..],
        b"\x90",
        b"\x93\x00\x01\xa0",
        b"\x94\x02\xa0\x90\xc0",
        b"\x94\x03\x01\xc0\xc0",
        b"\x94\xa1x\x01\xc0\xc0",
        b"hello",
    ] {
        let mut frame = Bytes::from_static(odd);
        assert_eq!(Codec.peek(&frame), Peek::Other, "{odd:?}");
        assert!(Codec.seal(&mut frame, Head::Request(&1)).is_err());
        assert_eq!(frame, odd);
        let received: Result<Received, _> = Messages.unpack(frame.clone());
        assert!(matches!(received, Err(Failure::Body(_))));
        let reply: Result<u8, _> = Messages.unpack(frame);
        assert!(matches!(reply, Err(Failure::Body(_))));
    }
}

#[test]
fn each_message_goes_only_where_it_belongs() {
    let (call, answer) = (call(), answer(Ok(1)));
    for (frame, head) in [
        (&call, Head::Reply(&1)),
        (&call, Head::Part(&1)),
        (&answer, Head::Part(&1)),
        (&answer, Head::Request(&1)),
        (&answer, Head::Plain),
    ] {
        let mut sealed = frame.clone();
        assert!(Codec.seal(&mut sealed, head).is_err());
        assert_eq!(sealed, frame);
    }
}

#[test]
fn a_refusal_says_why_and_a_cancel_is_silent() {
    let busy = Codec.refuse(&3, Refusal::Busy).unwrap();
    assert_eq!(Codec.peek(&busy), Peek::Reply(3));
    let said: Result<u8, _> = Messages.unpack(busy);
    assert!(matches!(said, Err(Failure::Remote(error)) if error.to_string().contains("later")));
    assert!(Codec.refuse(&3, Refusal::Dropped).is_some());
    assert!(Codec.refuse(&3, Refusal::Duplicate).is_none());
    assert!(Codec.cancel(&3).is_none());
}

#[test]
fn ids_are_numbers_of_32_bits_that_rest() {
    let (_, _, mut ids) = MsgpackRpc.into_parts();
    let slot = Slot { index: 5, turn: 0 };
    let id: u32 = ids.next(slot).unwrap();
    assert_eq!(ids.locate(&id), Locate::Slot(5));
    assert!(ids.narrow());
}

#[test]
fn bodies_nest_only_so_deep_and_claim_nothing() {
    let reply = |body: &[u8]| Bytes::from([b"\x94\x01\x01\xc0", body].concat());
    let deep: Result<serde::de::IgnoredAny, _> = Messages.unpack(reply(&[0x91; 100_000]));
    assert!(matches!(deep, Err(Failure::Body(PackerError::Unpack(_)))));
    let long: Result<Vec<u8>, _> = Messages.unpack(reply(b"\xdd\xff\xff\xff\xff"));
    assert!(matches!(long, Err(Failure::Body(PackerError::Unpack(_)))));
    let twice: Result<u8, _> = Messages.unpack(reply(b"\x01\x02"));
    assert!(matches!(twice, Err(Failure::Body(PackerError::Trailing))));
}
