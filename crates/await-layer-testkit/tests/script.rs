//! The scripted transport does what it is told, when it is told.

use std::cell::Cell;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;

use await_layer_testkit::script::{self, Op, Scripted};
use await_layer_testkit::wakers::CountingWaker;
use futures::executor::block_on;
use futures::{Sink, SinkExt, Stream, StreamExt};

type Transport = Scripted<u32, &'static str>;
type Polled = Poll<Result<(), &'static str>>;

const OK: Polled = Poll::Ready(Ok(()));

fn poll(transport: &mut Transport, op: Op, waker: &Waker) -> Polled {
    let mut cx = Context::from_waker(waker);
    let sink = Pin::new(transport);
    match op {
        Op::Ready => sink.poll_ready(&mut cx),
        Op::Send => Poll::Ready(sink.start_send(0)),
        Op::Flush => sink.poll_flush(&mut cx),
        Op::Close => sink.poll_close(&mut cx),
    }
}

fn send(transport: &mut Transport, frame: u32) -> Result<(), &'static str> {
    Pin::new(transport).start_send(frame)
}

fn next(transport: &mut Transport, waker: &Waker) -> Poll<Option<Result<u32, &'static str>>> {
    Pin::new(transport).poll_next(&mut Context::from_waker(waker))
}

#[test]
fn reads_come_in_order_and_wake() {
    let (mut transport, remote) = script::scripted();
    let count = CountingWaker::new();
    let waker = count.waker();
    assert_eq!(next(&mut transport, &waker), Poll::Pending);
    remote.feed(1);
    assert_eq!(count.take(), 1);
    remote.fail_read("noise");
    remote.feed(2);
    remote.end();
    assert_eq!(count.take(), 0, "nobody waits any more");
    assert_eq!(remote.unread(), 3);
    assert_eq!(next(&mut transport, &waker), Poll::Ready(Some(Ok(1))));
    assert_eq!(
        next(&mut transport, &waker),
        Poll::Ready(Some(Err("noise")))
    );
    assert_eq!(next(&mut transport, &waker), Poll::Ready(Some(Ok(2))));
    assert_eq!(next(&mut transport, &waker), Poll::Ready(None));
}

#[test]
fn each_kind_of_read_wakes_a_waiting_reader() {
    for play in [0, 1, 2] {
        let (mut transport, remote) = script::scripted();
        let count = CountingWaker::new();
        assert_eq!(next(&mut transport, &count.waker()), Poll::Pending);
        match play {
            0 => remote.feed(1),
            1 => remote.fail_read("noise"),
            _ => remote.end(),
        }
        assert_eq!(count.wakes(), 1, "{play}");
        assert!(next(&mut transport, &count.waker()).is_ready());
    }
}

#[test]
fn a_read_fails_or_ends_at_the_poll_that_is_named_whatever_is_there() {
    let (mut transport, remote) = script::scripted();
    let count = CountingWaker::new();
    let waker = count.waker();
    assert_eq!(next(&mut transport, &waker), Poll::Pending);
    remote.fail_read_at(2, "noise");
    assert_eq!(count.take(), 1);
    (1..=3).for_each(|frame| remote.feed(frame));
    assert_eq!(next(&mut transport, &waker), Poll::Ready(Some(Ok(1))));
    assert_eq!(
        next(&mut transport, &waker),
        Poll::Ready(Some(Err("noise")))
    );
    remote.end_at(2);
    assert_eq!(next(&mut transport, &waker), Poll::Ready(Some(Ok(2))));
    assert_eq!(next(&mut transport, &waker), Poll::Ready(None));
    assert_eq!(next(&mut transport, &waker), Poll::Ready(None));
    assert_eq!(remote.unread(), 1, "what was still to come");
}

#[test]
fn what_is_not_flushed_is_not_written() {
    let (mut transport, remote) = script::scripted();
    send(&mut transport, 1).unwrap();
    send(&mut transport, 2).unwrap();
    assert!(remote.take_written().is_empty());
    assert_eq!(remote.unflushed(), 2);
    assert_eq!(poll(&mut transport, Op::Flush, Waker::noop()), OK);
    assert_eq!(remote.unflushed(), 0);
    assert_eq!(remote.take_written(), [1, 2]);
    send(&mut transport, 3).unwrap();
    assert_eq!(poll(&mut transport, Op::Close, Waker::noop()), OK);
    assert_eq!(remote.take_written(), [3], "closing flushes");
    assert!(remote.is_closed() && !remote.is_dropped());
    drop(transport);
    assert!(remote.is_dropped());
}

#[test]
fn ready_is_pending_when_no_more_frames_are_allowed() {
    let (mut transport, remote) = script::scripted();
    let count = CountingWaker::new();
    remote.allow(2);
    for frame in [1, 2] {
        assert_eq!(poll(&mut transport, Op::Ready, &count.waker()), OK);
        send(&mut transport, frame).unwrap();
    }
    let waker = count.waker();
    assert_eq!(poll(&mut transport, Op::Ready, &waker), Poll::Pending);
    assert_eq!(poll(&mut transport, Op::Flush, &waker), OK);
    assert_eq!(poll(&mut transport, Op::Ready, &waker), Poll::Pending);
    assert_eq!(count.take(), 0);
    remote.allow(1);
    assert_eq!(count.take(), 1);
    assert_eq!(poll(&mut transport, Op::Ready, &waker), OK);
    send(&mut transport, 3).unwrap();
    assert_eq!(poll(&mut transport, Op::Ready, &waker), Poll::Pending);
    remote.allow_all();
    assert_eq!(count.take(), 1);
    assert_eq!(poll(&mut transport, Op::Ready, &waker), OK);
}

#[test]
#[should_panic(expected = "allows no more frames")]
fn sending_more_than_allowed_panics() {
    let (mut transport, remote) = script::scripted();
    remote.allow(0);
    let _ = send(&mut transport, 1);
}

#[test]
fn each_operation_pends_at_its_call_and_wakes_on_resume() {
    for op in [Op::Ready, Op::Flush, Op::Close] {
        let (mut transport, remote) = script::scripted();
        let count = CountingWaker::new();
        let waker = count.waker();
        remote.pend_at(op, 2);
        assert_eq!(poll(&mut transport, op, &waker), OK, "{op:?}");
        assert_eq!(poll(&mut transport, op, &waker), Poll::Pending, "{op:?}");
        assert_eq!(poll(&mut transport, op, &waker), Poll::Pending, "{op:?}");
        assert_eq!(count.wakes(), 0, "{op:?}");
        remote.resume(op);
        assert_eq!(count.wakes(), 1, "{op:?}");
        assert_eq!(poll(&mut transport, op, &waker), OK, "{op:?}");
        assert_eq!(remote.calls(op), 4, "{op:?}");
    }
}

#[test]
fn each_operation_fails_at_its_call_and_only_then() {
    for op in [Op::Ready, Op::Send, Op::Flush, Op::Close] {
        let (mut transport, remote) = script::scripted();
        remote.fail_at(op, 3, "third");
        remote.fail_at(op, 1, "first");
        let results = [(); 4].map(|()| poll(&mut transport, op, Waker::noop()));
        let first = Poll::Ready(Err("first"));
        let third = Poll::Ready(Err("third"));
        assert_eq!(results, [first, OK, third, OK], "{op:?}");
    }
}

#[test]
fn a_failure_reaches_an_operation_that_is_pending() {
    for op in [Op::Ready, Op::Flush, Op::Close] {
        let (mut transport, remote) = script::scripted();
        let count = CountingWaker::new();
        remote.pend(op);
        assert_eq!(poll(&mut transport, op, &count.waker()), Poll::Pending);
        remote.fail(op, "cut");
        assert_eq!(count.wakes(), 1, "{op:?}");
        let failed = Poll::Ready(Err("cut"));
        assert_eq!(poll(&mut transport, op, &count.waker()), failed, "{op:?}");
    }
}

#[test]
fn a_failed_or_pending_flush_writes_nothing() {
    let (mut transport, remote) = script::scripted();
    send(&mut transport, 1).unwrap();
    remote.pend(Op::Flush);
    assert_eq!(
        poll(&mut transport, Op::Flush, Waker::noop()),
        Poll::Pending
    );
    remote.fail(Op::Flush, "cut");
    assert!(poll(&mut transport, Op::Flush, Waker::noop()).is_ready());
    assert_eq!((remote.unflushed(), remote.take_written()), (1, vec![]));
}

#[test]
fn answers_arrive_inside_start_send() {
    let (mut transport, remote) = script::scripted();
    let count = CountingWaker::new();
    assert_eq!(next(&mut transport, &count.waker()), Poll::Pending);
    let mut seen = 0;
    remote.on_send(move |frame, remote| {
        seen += 1;
        remote.feed(frame * 10 + seen);
    });
    send(&mut transport, 4).unwrap();
    assert_eq!(count.wakes(), 1, "before any flush");
    send(&mut transport, 5).unwrap();
    assert_eq!(
        next(&mut transport, Waker::noop()),
        Poll::Ready(Some(Ok(41)))
    );
    assert_eq!(
        next(&mut transport, Waker::noop()),
        Poll::Ready(Some(Ok(52)))
    );
    assert_eq!(remote.unflushed(), 2);
}

#[test]
fn answers_arrive_inside_poll_flush_for_each_frame_once() {
    let (mut transport, remote) = script::scripted();
    remote.on_flush(|frame, remote| remote.feed(frame * 10));
    send(&mut transport, 1).unwrap();
    send(&mut transport, 2).unwrap();
    assert_eq!(remote.unread(), 0);
    assert_eq!(poll(&mut transport, Op::Flush, Waker::noop()), OK);
    assert_eq!(poll(&mut transport, Op::Flush, Waker::noop()), OK);
    assert_eq!(remote.unread(), 2);
    assert_eq!(
        next(&mut transport, Waker::noop()),
        Poll::Ready(Some(Ok(10)))
    );
}

#[test]
fn an_answer_may_replace_itself() {
    let (mut transport, remote) = script::scripted();
    remote.on_send(|_, remote| {
        remote.feed(1);
        remote.on_send(|_, remote| remote.end());
    });
    send(&mut transport, 0).unwrap();
    assert_eq!(
        next(&mut transport, Waker::noop()),
        Poll::Ready(Some(Ok(1)))
    );
    assert_eq!(next(&mut transport, Waker::noop()), Poll::Pending);
    send(&mut transport, 0).unwrap();
    assert_eq!(next(&mut transport, Waker::noop()), Poll::Ready(None));
}

#[test]
fn frames_and_errors_may_be_anything_and_debug_shows_none() {
    let local = Cell::new(7_u8);
    let (mut transport, remote) = script::scripted::<(Rc<&Cell<u8>>, PhantomPinned), Rc<str>>();
    remote.on_send(|_, remote| remote.fail_read(Rc::from("secret")));
    let frame = (Rc::new(&local), PhantomPinned);
    assert!(Pin::new(&mut transport).start_send(frame).is_ok());
    let shown = format!("{transport:?} {remote:?}");
    assert!(shown.contains("incoming: 1, "), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn a_drop_wakes_the_test_that_waits() {
    let (transport, remote) = script::scripted::<u32, ()>();
    let (other, test) = (CountingWaker::new(), CountingWaker::new());
    for count in [&other, &test] {
        let waker = count.waker();
        let mut cx = Context::from_waker(&waker);
        assert_eq!(remote.poll_written(&mut cx), Poll::Pending);
    }
    drop(transport);
    assert_eq!((other.wakes(), test.wakes()), (0, 1));
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(remote.poll_written(&mut cx), Poll::Ready(None));
}

#[test]
fn a_peer_on_another_thread() {
    let (mut transport, remote) = script::scripted::<u32, ()>();
    let peer = thread::spawn(move || {
        block_on(async {
            let mut seen = 0;
            while let Some(frame) = remote.next_written().await {
                remote.feed(frame + 1);
                seen += 1;
            }
            seen
        })
    });
    block_on(async {
        for n in 0..1_000 {
            transport.send(n).await.unwrap();
            assert_eq!(transport.next().await, Some(Ok(n + 1)));
        }
        transport.close().await.unwrap();
    });
    assert_eq!(peer.join().unwrap(), 1_000);
}
