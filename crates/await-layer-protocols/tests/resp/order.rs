//! Which reply belongs to which call.

use await_layer::{AwaitIdCodec, Head, Pack, Peek, Protocol};
use await_layer_framing::{Checked, LengthDelimited};
use await_layer_protocols::resp::{Codec, Commands, Resp};
use await_layer_testkit::conformance::mangled;
use bytes::Bytes;

fn codec() -> Codec {
    Resp::new().into_parts().1
}

/// One that has called `HELLO 3`.
fn greeted() -> Codec {
    let mut codec = codec();
    ask(&mut codec, 100, &["HELLO", "3"]).unwrap();
    assert_eq!(peek(&mut codec, "%0\r\n"), Peek::Reply(100));
    codec
}

fn ask(codec: &mut Codec, id: u64, words: &[&str]) -> Result<(), String> {
    let packed: Bytes = Commands.pack(words).unwrap();
    let mut frame = packed.clone();
    let sealed = codec.seal(&mut frame, Head::Request(&id));
    assert_eq!(frame, packed);
    sealed.map_err(|error| error.to_string())
}

fn peek(codec: &mut Codec, frame: &'static str) -> Peek<u64, std::convert::Infallible> {
    codec.peek(&Bytes::from_static(frame.as_bytes()))
}

#[test]
fn replies_go_to_the_calls_in_order_and_pushes_to_none() {
    let mut codec = codec();
    for id in 1..=4 {
        ask(&mut codec, id, &["GET", "x"]).unwrap();
    }
    assert_eq!(peek(&mut codec, "+one\r\n"), Peek::Reply(1));
    assert_eq!(peek(&mut codec, ">1\r\n+news\r\n"), Peek::Other);
    assert_eq!(peek(&mut codec, "-ERR two\r\n"), Peek::Reply(2));
    assert_eq!(peek(&mut codec, "|1\r\n+a\r\n+b\r\n:3\r\n"), Peek::Reply(3));
    assert_eq!(peek(&mut codec, "*-1\r\n"), Peek::Reply(4));
    assert_eq!(peek(&mut codec, "+five\r\n"), Peek::Stray);
    assert_eq!(peek(&mut codec, ""), Peek::Skip);
}

#[test]
fn a_call_given_up_keeps_its_place() {
    let mut codec = codec();
    ask(&mut codec, 1, &["GET", "x"]).unwrap();
    assert_eq!(codec.cancel(&1), None);
    ask(&mut codec, 2, &["GET", "y"]).unwrap();
    assert_eq!(peek(&mut codec, "+late\r\n"), Peek::Reply(1));
    assert_eq!(peek(&mut codec, "+next\r\n"), Peek::Reply(2));
}

/// A framing that has no room for it turns the command back after the codec has
/// counted it: the replies to others must not go astray.
#[test]
fn a_command_that_does_not_fit_takes_no_place() {
    let framing = LengthDelimited::new().max_frame(40);
    let (_, mut codec, _) = Checked::new(Resp::new(), framing).into_parts();
    let mut large: Bytes = Commands.pack(&["SET", "x", &"y".repeat(40)]).unwrap();
    assert!(codec.seal(&mut large, Head::Request(&1)).is_err());
    let mut small: Bytes = Commands.pack(&["GET", "x"]).unwrap();
    codec.seal(&mut small, Head::Request(&2)).unwrap();
    assert_eq!(codec.peek(&Bytes::from("+hello\r\n")), Peek::Reply(2));
}

#[test]
fn a_silent_server_piles_nothing_up() {
    let (_, mut codec, _) = Resp::new().max_waiting(3).into_parts();
    for id in 1..=3 {
        ask(&mut codec, id, &["PING"]).unwrap();
    }
    let why = ask(&mut codec, 4, &["PING"]).unwrap_err();
    assert!(why.contains("too many"), "{why}");
    assert_eq!(peek(&mut codec, "+PONG\r\n"), Peek::Reply(1));
    ask(&mut codec, 4, &["PING"]).unwrap();
    assert_eq!(peek(&mut codec, "+PONG\r\n"), Peek::Reply(2));
}

#[test]
fn a_subscription_has_its_last_confirmation_as_its_reply() {
    let mut codec = greeted();
    ask(&mut codec, 1, &["GET", "x"]).unwrap();
    ask(&mut codec, 2, &["Subscribe", "a", "b"]).unwrap();
    ask(&mut codec, 3, &["GET", "y"]).unwrap();
    assert_eq!(peek(&mut codec, "+x\r\n"), Peek::Reply(1));
    let one = ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
    let two = ">3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n";
    let news = ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n";
    let pattern = ">3\r\n$10\r\npsubscribe\r\n$1\r\na\r\n:1\r\n";
    assert_eq!(peek(&mut codec, one), Peek::Other);
    assert_eq!(peek(&mut codec, news), Peek::Other);
    assert_eq!(peek(&mut codec, pattern), Peek::Other);
    assert_eq!(peek(&mut codec, two), Peek::Reply(2));
    assert_eq!(peek(&mut codec, two), Peek::Other);
    assert_eq!(peek(&mut codec, "+y\r\n"), Peek::Reply(3));
}

#[test]
fn a_subscription_that_fails_fails_alone() {
    let mut codec = greeted();
    ask(&mut codec, 1, &["SUBSCRIBE", "a", "b"]).unwrap();
    ask(&mut codec, 2, &["GET", "y"]).unwrap();
    assert_eq!(peek(&mut codec, "-NOPERM\r\n"), Peek::Reply(1));
    assert_eq!(peek(&mut codec, "+y\r\n"), Peek::Reply(2));
}

#[test]
fn subscribing_needs_the_version_that_marks_pushes() {
    let subscribe = &["subscribe", "a"];
    let mut codec = codec();
    assert!(
        ask(&mut codec, 1, subscribe)
            .unwrap_err()
            .contains("HELLO 3")
    );
    ask(&mut codec, 1, &["hello", "3"]).unwrap();
    assert_eq!(peek(&mut codec, "-NOPROTO\r\n"), Peek::Reply(1));
    assert!(ask(&mut codec, 1, subscribe).is_err());
    let mut codec = greeted();
    ask(&mut codec, 1, &["hello", "4"]).unwrap();
    assert_eq!(peek(&mut codec, "-NOPROTO\r\n"), Peek::Reply(1));
    ask(&mut codec, 2, subscribe).unwrap();
    let mut codec = greeted();
    ask(&mut codec, 1, &["RESET"]).unwrap();
    assert_eq!(peek(&mut codec, "+RESET\r\n"), Peek::Reply(1));
    assert!(ask(&mut codec, 2, subscribe).is_err());
}

/// Its confirmations would come unmarked, and all but the first be taken for the
/// replies to what was called next.
#[test]
fn subscribing_waits_until_it_is_known_which_version_is_spoken() {
    let mut codec = greeted();
    ask(&mut codec, 1, &["RESET"]).unwrap();
    ask(&mut codec, 2, &["SUBSCRIBE", "a", "b"]).unwrap_err();
    ask(&mut codec, 2, &["GET", "x"]).unwrap();
    assert_eq!(peek(&mut codec, "+RESET\r\n"), Peek::Reply(1));
    assert_eq!(peek(&mut codec, "+x\r\n"), Peek::Reply(2));
    let mut codec = greeted();
    ask(&mut codec, 1, &["HELLO", "3"]).unwrap();
    ask(&mut codec, 2, &["SUBSCRIBE", "a"]).unwrap_err();
    assert_eq!(peek(&mut codec, "%0\r\n"), Peek::Reply(1));
    ask(&mut codec, 2, &["SUBSCRIBE", "a"]).unwrap();
}

/// Redis counts the confirmations of one command as one reply in the array that
/// answers `EXEC`, whose end then is nobody's.
#[test]
fn a_transaction_holds_no_subscriptions() {
    for end in ["EXEC", "discard", "RESET"] {
        let mut codec = greeted();
        ask(&mut codec, 1, &["multi"]).unwrap();
        ask(&mut codec, 2, &["GET", "x"]).unwrap();
        let why = ask(&mut codec, 3, &["SUBSCRIBE", "a", "b"]).unwrap_err();
        assert!(why.contains("EXEC"), "{why}");
        ask(&mut codec, 3, &[end]).unwrap();
        for (id, reply) in [(1, "+OK\r\n"), (2, "+QUEUED\r\n"), (3, "%0\r\n")] {
            assert_eq!(peek(&mut codec, reply), Peek::Reply(id));
        }
        ask(&mut codec, 4, &["SUBSCRIBE", "a", "b"]).unwrap();
    }
    let mut codec = greeted();
    ask(&mut codec, 1, &["GET", "multi"]).unwrap();
    ask(&mut codec, 2, &["SUBSCRIBE", "a"]).unwrap();
}

#[test]
fn what_would_shift_the_order_is_refused() {
    let mut codec = greeted();
    for words in [
        &["MONITOR"][..],
        &["psync", "?", "-1"],
        &["SYNC"],
        &["REPLCONF", "ack", "7"],
        &["replconf", "GETACK", "*"],
        &["client", "Reply", "OFF"],
        &["HELLO", "2"],
        &["UNSUBSCRIBE"],
        &[],
        &[""],
    ] {
        let why = ask(&mut codec, 1, words).unwrap_err();
        // What is wrong, and what to do.
        assert!(why.contains(": "), "{why}");
    }
    for odd in [
        &b""[..],
        b"PING\r\n",
        b"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n",
        b"~1\r\n$4\r\nPING\r\n",
        b"*1\r\n*1\r\n$4\r\nPING\r\n",
        b"*2\r\n$4\r\nPING\r\n",
    ] {
        let mut frame = Bytes::from_static(odd);
        codec.seal(&mut frame, Head::Request(&1)).unwrap_err();
        assert_eq!(frame, odd);
    }
    let mut frame: Bytes = Commands.pack(&["PING"]).unwrap();
    codec.seal(&mut frame, Head::Plain).unwrap_err();
    assert_eq!(peek(&mut codec, "+nobody's\r\n"), Peek::Stray);
    for words in [&["CLIENT", "ID"][..], &["ECHO", "reply"], &["GET", "2"]] {
        ask(&mut codec, 1, words).unwrap();
    }
}

#[test]
fn a_hostile_frame_is_the_next_reply_or_a_push_and_no_panic() {
    let push = b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
    let reply = b"%1\r\n$1\r\nk\r\n*2\r\n:1\r\n,1.5\r\n";
    for frame in [mangled(push, 1), mangled(reply, 2)].concat() {
        let mut codec = greeted();
        ask(&mut codec, 1, &["SUBSCRIBE", "a"]).unwrap();
        ask(&mut codec, 2, &["PING"]).unwrap();
        let first = codec.peek(&Bytes::from(frame.clone()));
        let next = codec.peek(&Bytes::from_static(b"+PONG\r\n"));
        let expected = match first {
            Peek::Reply(1) => Peek::Reply(2),
            Peek::Other | Peek::Skip => Peek::Reply(1),
            other => panic!("{frame:?}: {other:?}"),
        };
        assert_eq!(next, expected, "{frame:?}");
    }
}
