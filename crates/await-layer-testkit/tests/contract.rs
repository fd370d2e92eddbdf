//! Each way to break the contract panics, and nothing else does.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::{self, Op, Remote, Scripted};
use futures::{FutureExt, Sink, SinkExt, Stream, StreamExt};

type Transport = Contract<Scripted<u32, &'static str>>;

fn transport() -> (Transport, Remote<u32, &'static str>) {
    let (transport, remote) = script::scripted();
    (Contract::new(transport), remote)
}

fn poll(transport: &mut Transport, op: Op) -> Poll<Result<(), &'static str>> {
    let mut cx = Context::from_waker(Waker::noop());
    let sink = Pin::new(transport);
    match op {
        Op::Ready => sink.poll_ready(&mut cx),
        Op::Send => Poll::Ready(sink.start_send(0)),
        Op::Flush => sink.poll_flush(&mut cx),
        Op::Close => sink.poll_close(&mut cx),
    }
}

fn next(transport: &mut Transport) -> Poll<Option<Result<u32, &'static str>>> {
    Pin::new(transport).poll_next(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_lawful_life_is_left_alone_and_counted() {
    let (mut transport, remote) = transport();
    let counts = transport.counts();
    remote.pend(Op::Ready);
    assert!(poll(&mut transport, Op::Ready).is_pending());
    remote.resume(Op::Ready);
    for _ in 0..2 {
        assert!(poll(&mut transport, Op::Ready).is_ready());
        assert!(poll(&mut transport, Op::Ready).is_ready());
        assert!(poll(&mut transport, Op::Send).is_ready());
    }
    assert_eq!((counts.readies(), counts.sends()), (5, 2));
    assert_eq!((counts.flushes(), counts.unflushed()), (0, 2));
    remote.pend(Op::Flush);
    assert!(poll(&mut transport, Op::Flush).is_pending());
    assert_eq!(counts.unflushed(), 2);
    remote.resume(Op::Flush);
    assert!(poll(&mut transport, Op::Flush).is_ready());
    assert_eq!((counts.flushes(), counts.unflushed()), (2, 0));
    remote.pend(Op::Close);
    assert!(poll(&mut transport, Op::Close).is_pending());
    remote.resume(Op::Close);
    assert_eq!(poll(&mut transport, Op::Close), Poll::Ready(Ok(())));
    remote.feed(1);
    remote.end();
    assert_eq!(
        next(&mut transport),
        Poll::Ready(Some(Ok(1))),
        "after closing"
    );
    assert_eq!(next(&mut transport), Poll::Ready(None));
    drop(transport);
    assert_eq!((counts.closes(), counts.reads()), (2, 2));
    let copy = counts.clone();
    assert_eq!(copy.sends(), 2, "outlives the transport");
}

#[test]
fn works_through_combinators() {
    let (mut transport, remote) = transport();
    remote.on_flush(|frame, remote| remote.feed(frame + 1));
    for n in 0..10 {
        assert_eq!(transport.send(n).now_or_never(), Some(Ok(())));
        assert_eq!(transport.next().now_or_never(), Some(Some(Ok(n + 1))));
    }
    assert_eq!(transport.close().now_or_never(), Some(Ok(())));
}

#[test]
#[should_panic(expected = "start_send without a poll_ready that was ready")]
fn sending_unasked_panics() {
    let (mut transport, _remote) = transport();
    let _ = poll(&mut transport, Op::Send);
}

#[test]
#[should_panic(expected = "start_send without a poll_ready that was ready")]
fn sending_twice_on_one_ready_panics() {
    let (mut transport, _remote) = transport();
    assert!(poll(&mut transport, Op::Ready).is_ready());
    assert!(poll(&mut transport, Op::Send).is_ready());
    let _ = poll(&mut transport, Op::Send);
}

#[test]
#[should_panic(expected = "start_send without a poll_ready that was ready")]
fn sending_while_pending_panics() {
    let (mut transport, remote) = transport();
    remote.pend_at(Op::Ready, 2);
    assert!(poll(&mut transport, Op::Ready).is_ready());
    assert!(poll(&mut transport, Op::Ready).is_pending());
    let _ = poll(&mut transport, Op::Send);
}

#[test]
#[should_panic(expected = "start_send after poll_close")]
fn sending_while_closing_panics() {
    let (mut transport, remote) = transport();
    remote.pend(Op::Close);
    assert!(poll(&mut transport, Op::Close).is_pending());
    assert!(poll(&mut transport, Op::Ready).is_ready());
    let _ = poll(&mut transport, Op::Send);
}

/// Runs `scene`, which must panic, and returns what it said.
fn complaint(scene: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(scene).expect_err("nothing was said");
    *panic.downcast::<String>().expect("a formatted text")
}

#[test]
fn any_use_of_a_failed_sink_panics() {
    for broken in [Op::Ready, Op::Send, Op::Flush, Op::Close] {
        for then in [Op::Ready, Op::Send, Op::Flush, Op::Close] {
            let said = complaint(move || {
                let (mut transport, remote) = transport();
                remote.fail(broken, "cut");
                if broken == Op::Send {
                    assert!(poll(&mut transport, Op::Ready).is_ready());
                }
                assert_eq!(poll(&mut transport, broken), Poll::Ready(Err("cut")));
                let _ = poll(&mut transport, then);
            });
            assert!(
                said.ends_with("after an operation of the sink failed"),
                "{said}"
            );
        }
    }
}

#[test]
fn any_use_of_a_closed_sink_panics() {
    for then in [Op::Ready, Op::Send, Op::Flush, Op::Close] {
        let said = complaint(move || {
            let (mut transport, _remote) = transport();
            assert!(poll(&mut transport, Op::Close).is_ready());
            let _ = poll(&mut transport, then);
        });
        assert!(said.ends_with("after poll_close completed"), "{said}");
    }
}

#[test]
fn a_failed_sink_can_still_be_read() {
    let (mut transport, remote) = transport();
    remote.fail(Op::Flush, "cut");
    remote.feed(1);
    assert!(poll(&mut transport, Op::Flush).is_ready());
    assert_eq!(next(&mut transport), Poll::Ready(Some(Ok(1))));
}

#[test]
#[should_panic(expected = "poll_next after the stream ended")]
fn reading_past_the_end_panics() {
    let (mut transport, remote) = transport();
    remote.end();
    assert_eq!(next(&mut transport), Poll::Ready(None));
    let _ = next(&mut transport);
}

#[test]
#[should_panic(expected = "poll_next after the stream failed")]
fn reading_past_an_error_panics() {
    let (mut transport, remote) = transport();
    remote.fail_read("cut");
    assert_eq!(next(&mut transport), Poll::Ready(Some(Err("cut"))));
    let _ = next(&mut transport);
}

#[test]
fn reading_past_an_error_can_be_allowed() {
    let (transport, remote) = transport();
    let mut transport = transport.recoverable_reads();
    remote.fail_read("noise");
    remote.feed(1);
    assert_eq!(next(&mut transport), Poll::Ready(Some(Err("noise"))));
    assert_eq!(next(&mut transport), Poll::Ready(Some(Ok(1))));
}
