//! The election, in every interleaving of two or three threads.
//!
//! `RUSTFLAGS="--cfg await_layer_loom" cargo test -p await-layer --release
//! --features manual-timer --test loom`; `LOOM_MAX_PREEMPTIONS` bounds the
//! search (2 if it is not set).
//!
//! loom fails a test in which a thread waits and nobody will ever wake it: a
//! lost wakeup anywhere is such a deadlock. The transports share nothing that
//! loom does not see, except memory that is never contended.
#![cfg(await_layer_loom)]

mod beside;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use await_layer::{
    AwaitIdCodec, AwaitLayer, CallError, Cause, Handle, Head, Limits, Link, ManualTimer, Peek,
    Protocol, Raw, SealError, Sent, SlotIds, memory,
};
use futures_core::Stream;
use futures_sink::Sink;
use loom::future::block_on;
use loom::thread;

/// Frames are `(id, is a reply, body)`.
type Frame = (u64, bool, u32);

struct Codec;

impl AwaitIdCodec<Frame> for Codec {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, frame: &Frame) -> Peek<u64, u64> {
        match frame {
            (0, ..) => Peek::Other,
            (id, true, _) => Peek::Reply(*id),
            (id, false, _) => Peek::Request(*id),
        }
    }

    fn seal(&mut self, frame: &mut Frame, head: Head<'_, u64, u64>) -> Result<(), SealError> {
        match head {
            Head::Request(id) => (frame.0, frame.1) = (*id, false),
            Head::Reply(id) | Head::Part(id) => (frame.0, frame.1) = (*id, true),
            Head::Plain => frame.0 = 0,
        }
        Ok(())
    }

    fn size(frame: &Frame) -> usize {
        size_of_val(frame)
    }
}

struct Wire;

impl Protocol for Wire {
    type Frame = Frame;
    type Packer = Raw;
    type Codec = Codec;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Raw, Codec, SlotIds<u64>) {
        (Raw, Codec, SlotIds::default())
    }
}

/// Answers every request when it is flushed.
#[derive(Default)]
struct Echo {
    written: Vec<Frame>,
    readable: Vec<Frame>,
    reader: Option<Waker>,
}

impl Stream for Echo {
    type Item = Result<Frame, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match this.readable.pop() {
            Some((id, _, body)) => Poll::Ready(Some(Ok((id, true, body)))),
            None => {
                this.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Sink<Frame> for Echo {
    type Error = Infallible;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), Infallible> {
        self.get_mut().written.push(frame);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let this = self.get_mut();
        this.readable.append(&mut this.written);
        if let Some(reader) = this.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
}

type Outcome = Result<Frame, CallError<Frame, Infallible>>;
type Echoing = Handle<Link<Echo, Wire, ManualTimer>>;

fn echo(timer: &ManualTimer) -> Echoing {
    let layer = AwaitLayer::with(Echo::default(), Wire, timer.clone(), Limits::default());
    layer.handle()
}

fn ask(handle: &Echoing, body: u32) {
    let reply = block_on(handle.send_await::<Frame>(&(0, false, body)));
    assert_eq!(reply.unwrap().2, body);
}

fn model(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(2));
    builder.max_branches = 100_000;
    let runs = Arc::new(AtomicUsize::new(0));
    let count = runs.clone();
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        test();
    });
    let runs = runs.load(Ordering::Relaxed);
    println!("{runs} interleavings");
    assert!(runs > 10, "the checker does not see our locks");
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// One poll with a waker that tells whether it was woken.
fn poll_once<F: Future + Unpin>(future: &mut F) -> (Poll<F::Output>, Arc<Flag>) {
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = flag.clone().into();
    let polled = Pin::new(future).poll(&mut Context::from_waker(&waker));
    (polled, flag)
}

#[test]
fn two_callers_and_nobody_else_both_get_their_reply() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let other = handle.clone();
        let thread = thread::spawn(move || ask(&other, 1));
        ask(&handle, 2);
        thread.join().unwrap();
        assert_eq!(handle.in_flight(), 0);
    });
}

#[test]
fn a_caller_beside_a_spawned_driver_gets_its_reply_and_the_driver_ends() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let driver = handle.driver();
        let thread = thread::spawn(move || block_on(driver));
        ask(&handle, 1);
        drop(handle);
        assert_eq!(thread.join().unwrap().cause(), Cause::Dropped);
    });
}

#[test]
fn a_call_dropped_anywhere_leaves_the_other_its_reply() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let other = handle.clone();
        let thread = thread::spawn(move || {
            let mut call = other.send_await::<Frame>(&(0, false, 1));
            let _ = poll_once(&mut call);
            drop(call);
        });
        ask(&handle, 2);
        thread.join().unwrap();
        assert_eq!(handle.in_flight(), 0);
    });
}

#[test]
fn a_call_that_races_with_close_always_ends() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let other = handle.clone();
        let thread =
            thread::spawn(
                move || match block_on(other.send_await::<Frame>(&(0, false, 1))) {
                    Ok(frame) => assert_eq!(frame.2, 1),
                    Err(error) => assert_eq!(error.sent(), Sent::No),
                },
            );
        assert_eq!(block_on(handle.close()).cause(), Cause::Local);
        thread.join().unwrap();
    });
}

#[test]
fn a_reply_that_races_with_the_deadline_gives_one_outcome() {
    model(|| {
        let timer = ManualTimer::new();
        let handle = echo(&timer);
        let thread = thread::spawn(move || timer.advance(Duration::from_secs(1)));
        let call = handle.send_await::<Frame>(&(0, false, 1));
        match block_on(call.timeout(Duration::from_secs(1))) {
            Ok(frame) => assert_eq!(frame.2, 1),
            Err(error) => assert!(matches!(error, CallError::Timeout { .. })),
        }
        thread.join().unwrap();
        assert_eq!(handle.in_flight(), 0);
    });
}

/// Polls `call` as an executor would, once it is woken, and moves the clock
/// only when it is not: by 100 ms at most.
fn within_the_bound(
    timer: &ManualTimer,
    mut call: impl Future<Output = Outcome> + Unpin,
    (mut polled, mut flag): (Poll<Outcome>, Arc<Flag>),
) {
    for _ in 0..=2 {
        while polled.is_pending() && flag.0.load(Ordering::SeqCst) {
            (polled, flag) = poll_once(&mut call);
        }
        if let Poll::Ready(reply) = polled {
            assert_eq!(reply.unwrap().2, 2);
            return;
        }
        timer.advance(Duration::from_millis(50));
    }
    panic!("held up for more than 100 ms");
}

#[test]
fn a_forgotten_designee_holds_nobody_up_for_longer_than_the_bound() {
    model(|| {
        let timer = ManualTimer::new();
        let handle = echo(&timer);
        let other = handle.clone();
        let thread = thread::spawn(move || {
            let mut call = other.send_await::<Frame>(&(0, false, 1));
            let _ = poll_once(&mut call);
            call
        });
        let mut call = handle.send_await::<Frame>(&(0, false, 2));
        let first = poll_once(&mut call);
        let parked = thread.join().unwrap();
        within_the_bound(&timer, call, first);
        drop(parked);
    });
}

#[test]
fn a_peer_on_another_thread_wakes_whoever_drives() {
    model(|| {
        let (ours, mut theirs) = memory::pair::<Frame>(1);
        let limits = Limits::default();
        let layer = AwaitLayer::with(ours, Wire, ManualTimer::new(), limits);
        let handle = layer.handle();
        let thread = thread::spawn(move || {
            let read = std::future::poll_fn(|cx| Pin::new(&mut theirs).poll_next(cx));
            let (id, _, body) = block_on(read).unwrap().unwrap();
            let ready = std::future::poll_fn(|cx| Pin::new(&mut theirs).poll_ready(cx));
            block_on(ready).unwrap();
            Pin::new(&mut theirs).start_send((id, true, body)).unwrap();
            let flush = std::future::poll_fn(|cx| Pin::new(&mut theirs).poll_flush(cx));
            block_on(flush).unwrap();
            theirs
        });
        let reply = block_on(handle.send_await::<Frame>(&(0, false, 3)));
        assert_eq!(reply.unwrap().2, 3);
        thread.join().unwrap();
    });
}

#[test]
fn three_callers_and_nobody_else_all_get_their_reply() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let threads = [1, 2].map(|body| {
            let other = handle.clone();
            thread::spawn(move || ask(&other, body))
        });
        ask(&handle, 3);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(handle.in_flight(), 0);
    });
}

#[test]
fn a_driver_a_caller_and_one_that_gives_up() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let driver = handle.driver();
        let driving = thread::spawn(move || block_on(driver));
        let other = handle.clone();
        let giving_up = thread::spawn(move || {
            let mut call = other.send_await::<Frame>(&(0, false, 1));
            let _ = poll_once(&mut call);
        });
        ask(&handle, 2);
        giving_up.join().unwrap();
        drop(handle);
        assert_eq!(driving.join().unwrap().cause(), Cause::Dropped);
    });
}

#[test]
fn a_driver_a_caller_and_a_close() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let driver = handle.driver();
        let driving = thread::spawn(move || block_on(driver));
        let other = handle.clone();
        let calling =
            thread::spawn(
                move || match block_on(other.send_await::<Frame>(&(0, false, 1))) {
                    Ok(frame) => assert_eq!(frame.2, 1),
                    Err(error) => assert_eq!(error.sent(), Sent::No),
                },
            );
        assert_eq!(block_on(handle.close()).cause(), Cause::Local);
        calling.join().unwrap();
        assert_eq!(driving.join().unwrap().cause(), Cause::Local);
    });
}

#[test]
fn a_driver_that_is_dropped_leaves_its_work_to_the_caller() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let mut driver = handle.driver();
        let thread = thread::spawn(move || {
            let _ = poll_once(&mut driver);
        });
        ask(&handle, 1);
        thread.join().unwrap();
    });
}

#[test]
fn a_send_that_nobody_awaits_leaves_with_the_next_call() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let other = handle.clone();
        let thread = thread::spawn(move || other.try_send(&(0, false, 7)).unwrap());
        ask(&handle, 1);
        thread.join().unwrap();
        ask(&handle, 2);
        assert_eq!(handle.stats().written, 3);
    });
}

#[test]
fn a_forgotten_driver_holds_nobody_up_for_longer_than_the_bound() {
    model(|| {
        let timer = ManualTimer::new();
        let handle = echo(&timer);
        let mut driver = handle.driver();
        let thread = thread::spawn(move || {
            let _ = poll_once(&mut driver);
            driver
        });
        let mut call = handle.send_await::<Frame>(&(0, false, 2));
        let first = poll_once(&mut call);
        let parked = thread.join().unwrap();
        within_the_bound(&timer, call, first);
        drop(parked);
    });
}
