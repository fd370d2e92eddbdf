//! The in-memory transport, poll by poll and across threads.

use std::cell::Cell;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use await_layer::memory::{self, Disconnected, Duplex};
use futures::executor::block_on;
use futures::{Sink, SinkExt, Stream, StreamExt};

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn counter() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count(AtomicUsize::new(0)));
    (Arc::clone(&count), Waker::from(count))
}

fn wakes(count: &Count) -> usize {
    count.0.load(Ordering::SeqCst)
}

fn ready<F>(end: &mut Duplex<F>, waker: &Waker) -> Poll<Result<(), Disconnected>> {
    Pin::new(end).poll_ready(&mut Context::from_waker(waker))
}

fn send<F>(end: &mut Duplex<F>, frame: F) -> Result<(), Disconnected> {
    Pin::new(end).start_send(frame)
}

fn next<F>(end: &mut Duplex<F>, waker: &Waker) -> Poll<Option<Result<F, Disconnected>>> {
    Pin::new(end).poll_next(&mut Context::from_waker(waker))
}

fn close<F>(end: &mut Duplex<F>) -> Poll<Result<(), Disconnected>> {
    Pin::new(end).poll_close(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn frames_arrive_in_order_both_ways() {
    let (mut a, mut b) = memory::pair(3);
    for n in [1, 2, 3] {
        send(&mut a, n).unwrap();
        send(&mut b, n * 10).unwrap();
    }
    let waker = Waker::noop();
    for n in [1, 2, 3] {
        assert_eq!(next(&mut b, waker), Poll::Ready(Some(Ok(n))));
        assert_eq!(next(&mut a, waker), Poll::Ready(Some(Ok(n * 10))));
    }
    assert_eq!(next(&mut b, waker), Poll::Pending);
}

#[test]
fn a_full_buffer_is_pending_until_one_frame_is_read() {
    let (mut a, mut b) = memory::pair(1);
    let (count, waker) = counter();
    assert_eq!(ready(&mut a, &waker), Poll::Ready(Ok(())));
    assert_eq!(
        ready(&mut a, &waker),
        Poll::Ready(Ok(())),
        "nothing is reserved"
    );
    send(&mut a, 1).unwrap();
    assert_eq!(ready(&mut a, &waker), Poll::Pending);
    assert_eq!(wakes(&count), 0);
    assert_eq!(next(&mut b, Waker::noop()), Poll::Ready(Some(Ok(1))));
    assert_eq!(wakes(&count), 1);
    assert_eq!(ready(&mut a, &waker), Poll::Ready(Ok(())));
}

#[test]
fn only_the_last_reader_is_woken_and_only_once() {
    let (mut a, mut b) = memory::pair(2);
    let (first, first_waker) = counter();
    let (last, last_waker) = counter();
    assert_eq!(next(&mut b, &first_waker), Poll::Pending);
    assert_eq!(next(&mut b, &last_waker), Poll::Pending);
    assert_eq!(Arc::strong_count(&first), 2, "the replaced waker is let go");
    send(&mut a, 1).unwrap();
    send(&mut a, 2).unwrap();
    assert_eq!((wakes(&first), wakes(&last)), (0, 1));
}

#[test]
fn reader_and_writer_of_one_end_have_wakers_of_their_own() {
    let (mut a, mut b) = memory::pair(1);
    let (reads, reader) = counter();
    let (writes, writer) = counter();
    send(&mut a, 1).unwrap();
    assert_eq!(next(&mut a, &reader), Poll::Pending);
    assert_eq!(ready(&mut a, &writer), Poll::Pending);
    assert_eq!(next(&mut b, Waker::noop()), Poll::Ready(Some(Ok(1))));
    assert_eq!((wakes(&reads), wakes(&writes)), (0, 1));
    send(&mut b, 2).unwrap();
    assert_eq!((wakes(&reads), wakes(&writes)), (1, 1));
}

#[test]
fn the_end_comes_after_what_was_buffered() {
    let (mut a, mut b) = memory::pair(2);
    send(&mut a, 1).unwrap();
    assert_eq!(close(&mut a), Poll::Ready(Ok(())));
    assert_eq!(send(&mut a, 2), Err(Disconnected));
    let waker = Waker::noop();
    assert_eq!(next(&mut b, waker), Poll::Ready(Some(Ok(1))));
    assert_eq!(next(&mut b, waker), Poll::Ready(None));
    assert_eq!(next(&mut b, waker), Poll::Ready(None));
    send(&mut b, 3).expect("the other direction stays open");
    assert_eq!(next(&mut a, waker), Poll::Ready(Some(Ok(3))));
}

#[test]
fn close_wakes_the_reader() {
    let (mut a, mut b) = memory::pair::<u8>(1);
    let (count, waker) = counter();
    assert_eq!(next(&mut b, &waker), Poll::Pending);
    assert_eq!(close(&mut a), Poll::Ready(Ok(())));
    assert_eq!(wakes(&count), 1);
    assert_eq!(next(&mut b, &waker), Poll::Ready(None));
}

#[test]
fn a_drop_fails_the_writer_and_ends_the_reader() {
    let (mut a, mut b) = memory::pair(1);
    let (reads, reader) = counter();
    let (writes, writer) = counter();
    send(&mut a, 1).unwrap();
    assert_eq!(next(&mut a, &reader), Poll::Pending);
    assert_eq!(ready(&mut a, &writer), Poll::Pending);
    send(&mut b, 2).unwrap();
    assert_eq!(wakes(&reads), 1);
    drop(b);
    assert_eq!(wakes(&writes), 1);
    assert_eq!(ready(&mut a, &writer), Poll::Ready(Err(Disconnected)));
    assert_eq!(send(&mut a, 3), Err(Disconnected));
    let mut cx = Context::from_waker(&writer);
    let flushed = Pin::new(&mut a).poll_flush(&mut cx);
    assert_eq!(flushed, Poll::Ready(Err(Disconnected)));
    assert_eq!(next(&mut a, &reader), Poll::Ready(Some(Ok(2))));
    assert_eq!(next(&mut a, &reader), Poll::Ready(None));
    assert_eq!(close(&mut a), Poll::Ready(Ok(())));
}

#[test]
fn a_drop_lets_every_waker_and_frame_go() {
    let (mut a, mut b) = memory::pair(1);
    let (count, waker) = counter();
    let frame = Rc::new(());
    send(&mut a, Rc::clone(&frame)).unwrap();
    assert!(ready(&mut a, &waker).is_pending());
    assert!(next(&mut a, &waker).is_pending());
    drop(waker);
    assert_eq!(Arc::strong_count(&count), 3);
    drop(a);
    assert_eq!(Arc::strong_count(&count), 1);
    assert_eq!(
        Rc::strong_count(&frame),
        2,
        "sent before the drop, so still readable"
    );
    assert!(next(&mut b, Waker::noop()).is_ready());
    assert_eq!(Rc::strong_count(&frame), 1);
}

#[test]
fn unread_frames_are_dropped_with_their_reader_and_outside_the_lock() {
    struct Probe(Option<Duplex<Self>>, Rc<Cell<u32>>);
    impl Drop for Probe {
        fn drop(&mut self) {
            // Locks both directions of its own transport.
            if let Some(end) = &self.0 {
                assert!(format!("{end:?}").starts_with("Duplex"));
            }
            self.1.set(self.1.get() + 1);
        }
    }
    let drops = Rc::new(Cell::new(0));
    let (mut a, b) = memory::pair(2);
    send(&mut a, Probe(None, Rc::clone(&drops))).unwrap();
    let (mut other, end) = memory::pair(1);
    send(&mut other, Probe(None, Rc::clone(&drops))).unwrap();
    send(&mut a, Probe(Some(end), Rc::clone(&drops))).unwrap();
    drop(b);
    assert_eq!(drops.get(), 3);
}

/// A waker that owns an end of the transport it waits for.
#[test]
fn replacing_a_waker_may_drop_the_other_end() {
    struct Task(#[allow(dead_code, reason = "owned for its drop")] Duplex<u8>);
    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }
    let (mut a, b) = memory::pair(1);
    let waker = Waker::from(Arc::new(Task(b)));
    assert_eq!(next(&mut a, &waker), Poll::Pending);
    drop(waker);
    assert_eq!(next(&mut a, Waker::noop()), Poll::Pending);
    assert_eq!(next(&mut a, Waker::noop()), Poll::Ready(None));
}

#[test]
#[should_panic(expected = "poll_ready comes first")]
fn sending_into_a_full_buffer_panics() {
    let (mut a, _b) = memory::pair(1);
    send(&mut a, 1).unwrap();
    let _ = send(&mut a, 2);
}

#[test]
#[should_panic(expected = "at least 1 frame")]
fn capacity_zero_panics() {
    let _ = memory::pair::<u8>(0);
}

#[test]
fn frames_need_not_be_send_static_or_unpin_and_debug_shows_none() {
    let local = String::from("secret");
    let (mut a, mut b) = memory::pair::<(Rc<&str>, PhantomPinned)>(2);
    send(&mut a, (Rc::new(local.as_str()), PhantomPinned)).unwrap();
    let shown = format!("{a:?} {b:?}");
    assert!(shown.contains("unread_there: 1"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
    assert!(next(&mut b, Waker::noop()).is_ready());

    fn traits<T: Send + Sync + Unpin>() {}
    traits::<Duplex<Cell<u8>>>();
    fn unpin<T: Unpin>() {}
    unpin::<Duplex<PhantomPinned>>();
}

#[test]
fn works_across_threads_with_the_smallest_buffer() {
    let (mut a, mut b) = memory::pair(1);
    let echo = thread::spawn(move || {
        block_on(async {
            let mut seen = 0_u32;
            while let Some(Ok(n)) = b.next().await {
                seen += 1;
                b.send(n).await.unwrap();
            }
            seen
        })
    });
    block_on(async {
        for n in 0..10_000_u32 {
            a.send(n).await.unwrap();
            assert_eq!(a.next().await, Some(Ok(n)));
        }
        a.close().await.unwrap();
        assert_eq!(a.next().await, None);
    });
    assert_eq!(echo.join().unwrap(), 10_000);
}
