//! Values that panic when they are dropped or printed end no more than they
//! must.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};
use std::thread;

use await_layer::{AwaitLayer, Cause, Limits, ManualTimer, SlotIds};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::{self, Op};
use futures::StreamExt;

use crate::notes::{Cargo, Note, NoteStage, note_stage};
use crate::stage::{Letters, Task, reply_to};

type Wide = SlotIds<u64>;

/// Panics the next time that it is dropped, and never again.
fn bomb() -> Arc<Cargo> {
    let armed = AtomicBool::new(true);
    Cargo::new(move || {
        let explodes = armed.swap(false, SeqCst) && !thread::panicking();
        assert!(!explodes, "a frame that panics when it is dropped");
    })
}

#[test]
fn a_stray_reply_that_panics_when_it_is_dropped_hangs_nobody() {
    for parked in [false, true] {
        let stage = note_stage(Wide::new(), Limits::default());
        let mut driver = Task::new(stage.handle.driver());
        let note = Note::new("hello");
        let mut calls = [(); 2].map(|()| Task::new(stage.handle.send_await::<Note>(&note)));
        for call in &mut calls {
            assert!(call.poll().is_pending() && driver.run().is_none());
        }
        let request = stage.remote.take_written().remove(0).text;
        // Its cancel cannot be written: the directory still knows it.
        stage.remote.pend(Op::Ready);
        let [gone, mut other] = calls;
        drop(gone);
        assert!(driver.run().is_none());
        let mut closed = Task::new(stage.handle.closed());
        assert!(parked || closed.poll().is_pending());
        stage
            .remote
            .feed(Note::with(reply_to(&request, "late"), &bomb()));
        let driven = catch_unwind(AssertUnwindSafe(|| driver.run()));
        assert!(driven.is_ok(), "whoever drives is not to blame");
        assert!(matches!(other.run(), Some(Err(_))), "parked: {parked}");
        let reason = closed.run().expect("it has ended");
        assert_eq!(reason.cause(), Cause::Panicked);
        assert!(stage.remote.is_dropped());
    }
}

#[test]
fn a_queued_frame_that_panics_when_it_is_dropped_does_not_stop_the_end() {
    let NoteStage {
        remote,
        handle,
        mut incoming,
    } = note_stage(Wide::new(), Limits::default());
    remote.pend(Op::Ready);
    let mut driver = Task::new(handle.driver());
    assert!(driver.run().is_none());
    handle
        .try_send(&Note::with("notice", &bomb()))
        .expect("there is room");
    let mut next = Task::new(incoming.next());
    assert!(next.poll().is_pending());
    remote.end();
    drop(catch_unwind(AssertUnwindSafe(|| driver.run())));
    assert!(matches!(next.run(), Some(None)), "nobody ended the stream");
    assert_eq!(
        handle.close_reason().map(|end| end.cause()),
        Some(Cause::Eof)
    );
    assert!(remote.is_dropped());
}

#[test]
fn a_request_that_panics_when_its_call_is_dropped_leaves_others_a_designee() {
    let stage = note_stage(Wide::new(), Limits::default());
    stage.remote.pend(Op::Ready);
    let mut other = Task::new(stage.handle.send_await::<Note>(&Note::new("other")));
    assert!(other.run().is_none());
    // The newest is the one to drive.
    let call = stage
        .handle
        .send_await::<Note>(&Note::with("unlucky", &bomb()));
    let mut unlucky = Task::new(call);
    assert!(unlucky.run().is_none() && other.run().is_none());
    drop(catch_unwind(AssertUnwindSafe(|| drop(unlucky))));
    stage.remote.resume(Op::Ready);
    assert!(other.run().is_none());
    let written = stage.remote.take_written();
    assert_eq!(written.len(), 1, "nobody wrote it");
    stage
        .remote
        .feed(Note::new(reply_to(&written[0].text, "yes")));
    assert_eq!(other.run().map(|reply| reply.is_ok()), Some(true));
}

/// An error that cannot even say what it is.
#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("an error that panics when it is printed")
    }
}

impl std::error::Error for Unspeakable {}

#[test]
fn an_error_that_panics_when_it_is_printed_still_ends_the_connection() {
    for op in [None, Some(Op::Ready), Some(Op::Send), Some(Op::Flush)] {
        let (io, remote) = script::scripted::<String, Unspeakable>();
        let protocol = Letters {
            ids: Wide::new(),
            answers_cancelled: true,
        };
        let (timer, limits) = (ManualTimer::new(), Limits::default());
        let layer = AwaitLayer::with(Contract::new(io), protocol, timer, limits);
        let (handle, mut incoming) = layer.split();
        match op {
            None => remote.fail_read(Unspeakable),
            Some(op) => remote.fail(op, Unspeakable),
        }
        let mut next = Task::new(incoming.next());
        assert!(op.is_none() || next.poll().is_pending());
        let mut call = Task::new(handle.send_await::<String>("hello"));
        let called = call.run();
        assert!(matches!(next.run(), Some(None)), "{op:?}");
        assert!(
            matches!(called.or_else(|| call.run()), Some(Err(_))),
            "{op:?}"
        );
        let cause = handle.close_reason().map(|reason| reason.cause());
        assert_eq!(cause, Some(Cause::Panicked), "{op:?}");
        assert!(remote.is_dropped());
    }
}

#[test]
fn a_request_that_panics_when_its_batch_is_dropped_leaves_no_other_behind() {
    let stage = note_stage(Wide::new(), Limits::default());
    stage.remote.pend(Op::Ready);
    let mut notes: Vec<_> = (0..100).map(|n| Note::new(n.to_string())).collect();
    notes[0] = Note::with("unlucky", &bomb());
    let mut batch = Task::new(stage.handle.send_await_all::<Note, _>(&notes));
    drop(notes);
    assert!(batch.poll().is_pending());
    drop(catch_unwind(AssertUnwindSafe(|| drop(batch))));
    assert_eq!(stage.handle.in_flight(), 0);
    stage.remote.resume(Op::Ready);
    assert!(Task::new(stage.handle.driver()).run().is_none());
    assert_eq!(stage.remote.take_written().len(), 0);
}

#[test]
fn a_message_that_panics_when_its_stream_is_dropped_keeps_nothing_else() {
    let NoteStage {
        remote,
        handle,
        mut incoming,
    } = note_stage(
        Wide::new(),
        Limits {
            max_inbound: 2,
            ..Limits::default()
        },
    );
    let mut next = Task::new(incoming.next());
    assert!(next.poll().is_pending());
    drop(next);
    remote.feed(Note::with("notice", &bomb()));
    remote.feed(Note::new("q1 work"));
    remote.feed(Note::new("q2 work"));
    remote.feed(Note::new("notice"));
    let mut driver = Task::new(handle.driver());
    assert!(driver.run().is_none());
    drop(catch_unwind(AssertUnwindSafe(|| drop(incoming))));
    assert!(driver.run().is_none());
    let written = remote.take_written();
    remote.end();
    let ended = driver.run();
    assert_eq!(written.len(), 2, "q1 and q2 are refused");
    assert!(ended.is_some(), "the end is seen");
}

struct BombWaker(AtomicBool);
impl Wake for BombWaker {
    fn wake(self: Arc<Self>) {
        assert!(!self.0.swap(false, SeqCst), "a waker that panics");
    }
}

#[test]
fn a_waker_that_panics_when_a_reservation_is_dropped_costs_no_permit() {
    let stage = note_stage(
        Wide::new(),
        Limits {
            max_in_flight: 1,
            ..Limits::default()
        },
    );
    let waker = Arc::new(BombWaker(AtomicBool::new(false)));
    let mut closed = Box::pin(stage.handle.closed());
    let bell = Waker::from(waker.clone());
    let mut cx = Context::from_waker(&bell);
    assert!(closed.as_mut().poll(&mut cx).is_pending());
    let mut first = Task::new(stage.handle.send_await::<Note>(&Note::new("first")));
    assert!(first.run().is_none());
    assert_eq!(stage.remote.take_written().len(), 1);
    let mut reserve = Task::new(stage.handle.reserve());
    assert!(reserve.poll().is_pending());
    drop(first);
    waker.0.store(true, SeqCst);
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(reserve)));
    assert!(dropped.is_err());
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    stage.remote.take_written();
    let mut next = Task::new(stage.handle.send_await::<Note>(&Note::new("next")));
    assert!(next.run().is_none() && driver.run().is_none());
    assert_eq!(
        stage.remote.take_written().len(),
        1,
        "the only permit is lost"
    );
}
