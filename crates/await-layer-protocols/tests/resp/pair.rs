//! A client over memory; the server is played.

use std::time::Duration;

use await_layer::memory::{self, Duplex};
use await_layer::{AwaitLayer, CallError, Cause, Event, Limits, ManualTimer, Refused, Sent};
use await_layer_protocols::resp::{Failure, Resp, Value};
use bytes::Bytes;
use futures::future::join_all;
use futures::{FutureExt, SinkExt, StreamExt};

type Layer = AwaitLayer<Duplex<Bytes>, Resp, ManualTimer>;

fn connected(protocol: Resp) -> (Layer, Duplex<Bytes>, ManualTimer) {
    let (left, right) = memory::pair(64);
    let timer = ManualTimer::new();
    let layer = AwaitLayer::with(left, protocol, timer.clone(), Limits::default());
    (layer, right, timer)
}

/// The server says this.
fn say(server: &mut Duplex<Bytes>, frame: &'static str) {
    let sent = server.send(Bytes::from_static(frame.as_bytes()));
    sent.now_or_never().expect("there is room").unwrap();
}

/// What the server has read.
fn heard(server: &mut Duplex<Bytes>) -> usize {
    std::iter::from_fn(|| server.next().now_or_never().flatten()).count()
}

#[test]
fn replies_pushes_and_errors_reach_whom_they_are_for() {
    let (layer, mut server, _) = connected(Resp::new());
    let (redis, mut pushes) = layer.split();
    let calls = ["a", "b", "c"].map(|key| redis.send_await::<Value>(&["GET", key]));
    let mut calls = join_all(calls);
    assert!((&mut calls).now_or_never().is_none());
    // The calls yield to each other once, so that all leave together.
    assert!((&mut calls).now_or_never().is_none());
    assert_eq!(heard(&mut server), 3);
    say(&mut server, "$1\r\nA\r\n");
    say(&mut server, ">2\r\n+invalidate\r\n*1\r\n+a\r\n");
    say(&mut server, "-WRONGTYPE\r\n");
    say(&mut server, "_\r\n");
    let replies = calls.now_or_never().expect("all are answered");
    assert_eq!(replies[0].as_ref().unwrap().as_str(), Some("A"));
    let Err(CallError::Unpack(Failure::Remote(error))) = &replies[1] else {
        panic!("{:?}", replies[1]);
    };
    assert_eq!(error.code(), "WRONGTYPE");
    assert!(matches!(replies[2], Ok(Value::Null)));
    let Some(Some(Event::Message(push))) = pushes.next().now_or_never() else {
        panic!("no push");
    };
    let push: Value = redis.unpack(push).unwrap();
    assert!(matches!(push, Value::List(push) if push.len() == 2));
}

#[test]
fn late_replies_reach_nobody_and_shift_nothing() {
    let (redis, mut server, timer) = connected(Resp::new());
    let call = |key| redis.send_await::<Value>(&["GET", key]);
    let mut slow = call("slow").timeout(Duration::from_millis(5));
    assert!((&mut slow).now_or_never().is_none());
    timer.advance(Duration::from_millis(5));
    let Some(Err(CallError::Timeout { sent, .. })) = slow.now_or_never() else {
        panic!("no timeout");
    };
    assert_eq!(sent, Sent::Yes);
    let mut dropped = call("dropped");
    assert!((&mut dropped).now_or_never().is_none());
    drop(dropped);
    let mut next = call("next");
    assert!((&mut next).now_or_never().is_none());
    assert_eq!(heard(&mut server), 3);
    for frame in ["+slow\r\n", "+dropped\r\n", "+next\r\n"] {
        say(&mut server, frame);
    }
    let next = next.now_or_never().expect("it is answered").unwrap();
    assert_eq!(next.as_str(), Some("next"));
    let stats = redis.handle().stats();
    assert_eq!((stats.late, stats.unknown, stats.replied), (2, 0, 1));
}

#[test]
fn commands_beyond_the_limit_are_refused_and_come_back() {
    let (redis, mut server, _) = connected(Resp::new().max_waiting(1));
    let mut first = redis.send_await::<Value>(&["PING"]);
    assert!((&mut first).now_or_never().is_none());
    let mut second = redis.send_await::<Value>(&["PING"]);
    let second = (0..8).find_map(|_| {
        assert!((&mut first).now_or_never().is_none());
        (&mut second).now_or_never()
    });
    let Some(Err(CallError::Refused { why, frame })) = second else {
        panic!("{second:?}");
    };
    assert!(matches!(why, Refused::Seal(_)), "{why}");
    assert_eq!(frame.as_deref(), Some(&b"*1\r\n$4\r\nPING\r\n"[..]));
    assert_eq!(heard(&mut server), 1);
    say(&mut server, "+PONG\r\n");
    assert!(first.now_or_never().expect("it is answered").is_ok());
}

#[test]
fn every_call_ends_with_the_reason_and_a_flood_ends_the_connection() {
    let (redis, server, _) = connected(Resp::new());
    let mut call = redis.send_await::<Value>(&["GET", "x"]);
    assert!((&mut call).now_or_never().is_none());
    drop(server);
    let Some(Err(CallError::Closed { reason, .. })) = call.now_or_never() else {
        panic!("no end");
    };
    assert_eq!(reason.cause(), Cause::Eof);

    let (redis, mut server, _) = connected(Resp::new());
    let mut ended = redis.handle().closed();
    for _ in 0..=1024 {
        assert!((&mut ended).now_or_never().is_none());
        say(&mut server, "+nobody's\r\n");
    }
    let reason = (0..8).find_map(|_| (&mut ended).now_or_never());
    assert_eq!(reason.map(|reason| reason.cause()), Some(Cause::Unmatched));
}
