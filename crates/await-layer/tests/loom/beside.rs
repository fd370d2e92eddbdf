//! What goes on beside a thread that drives.

use super::*;

#[test]
fn a_slot_that_is_used_again_while_its_last_call_is_settled_serves_its_new_one() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let driver = handle.driver();
        let driving = thread::spawn(move || block_on(driver));
        for body in 1..3 {
            let mut call = handle.send_await::<Frame>(&(0, false, body));
            // Dropped when it is queued, staged, written or settled.
            if let (Poll::Ready(reply), _) = poll_once(&mut call) {
                assert_eq!(reply.unwrap().2, body);
            }
        }
        ask(&handle, 3);
        assert_eq!(handle.in_flight(), 0);
        drop(handle);
        assert_eq!(driving.join().unwrap().cause(), Cause::Dropped);
    });
}

#[test]
fn two_callers_while_a_third_thread_drives_both_get_their_reply() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let driver = handle.driver();
        let driving = thread::spawn(move || block_on(driver));
        let other = handle.clone();
        let calling = thread::spawn(move || ask(&other, 1));
        ask(&handle, 2);
        calling.join().unwrap();
        assert_eq!(handle.in_flight(), 0);
        drop(handle);
        assert_eq!(driving.join().unwrap().cause(), Cause::Dropped);
    });
}

#[test]
fn a_batch_beside_a_spawned_driver_is_told_once_all_have_come() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let driver = handle.driver();
        let driving = thread::spawn(move || block_on(driver));
        let bodies = [(0, false, 1), (0, false, 2)];
        let replies = block_on(handle.send_await_all::<Frame, _>(&bodies));
        let replies = replies.into_iter().map(|reply| reply.unwrap().2);
        assert!(replies.eq([1, 2]));
        drop(handle);
        assert_eq!(driving.join().unwrap().cause(), Cause::Dropped);
    });
}

/// A layer as a `Sink`, on a transport that takes one frame at a time.
type Plain = AwaitLayer<memory::Duplex<Frame>, Wire, ManualTimer>;

/// Hands plain frames to the layer and waits until they are flushed.
async fn send_plain(mut layer: Plain, frames: u32) -> Plain {
    use std::future::poll_fn;
    for body in 0..frames {
        Pin::new(&mut layer).start_send((0, false, body)).unwrap();
    }
    let flushed = poll_fn(|cx| Pin::new(&mut layer).poll_flush(cx)).await;
    flushed.unwrap();
    layer
}

#[test]
#[ignore = "takes a minute: `.ci/full` runs it"]
fn a_sink_that_is_told_again_and_again_is_told_when_it_is_flushed() {
    model(|| {
        let (ours, mut theirs) = memory::pair::<Frame>(1);
        let limits = Limits::default();
        let layer = AwaitLayer::with(ours, Wire, ManualTimer::new(), limits);
        let driver = layer.handle().driver();
        let driving = thread::spawn(move || block_on(driver));
        let peer = thread::spawn(move || {
            for _ in 0..3 {
                let read = std::future::poll_fn(|cx| Pin::new(&mut theirs).poll_next(cx));
                assert!(block_on(read).is_some());
            }
            theirs
        });
        let layer = block_on(send_plain(layer, 3));
        let theirs = peer.join().unwrap();
        drop(layer);
        assert_eq!(driving.join().unwrap().cause(), Cause::Dropped);
        drop(theirs);
    });
}

#[test]
fn a_batch_whose_first_call_ends_while_it_begins_ends_beside_a_caller() {
    model(|| {
        let handle = echo(&ManualTimer::new());
        let other = handle.clone();
        let calling = thread::spawn(move || ask(&other, 3));
        let bodies = [(0, false, 1), (0, false, 2)];
        let replies = block_on(handle.send_await_all::<Frame, _>(&bodies));
        let replies = replies.into_iter().map(|reply| reply.unwrap().2);
        assert!(replies.eq([1, 2]));
        calling.join().unwrap();
    });
}

#[test]
fn a_message_that_comes_while_the_stream_lines_up_is_delivered() {
    model(|| {
        let io = Echo::default();
        let layer = AwaitLayer::with(io, Wire, ManualTimer::new(), Limits::default());
        let (handle, mut incoming) = layer.split();
        let calling = thread::spawn(move || {
            // Comes back as a message, in a turn before the reply's or in it.
            handle.try_send(&(0, false, 7)).unwrap();
            ask(&handle, 1);
            handle
        });
        let next = std::future::poll_fn(|cx| Pin::new(&mut incoming).poll_next(cx));
        assert!(block_on(next).is_some());
        drop(calling.join().unwrap());
    });
}

#[test]
fn a_permit_given_back_anywhere_reaches_whoever_waits_for_it() {
    model(|| {
        let limits = Limits {
            max_in_flight: 1,
            ..Limits::default()
        };
        let layer = AwaitLayer::with(Echo::default(), Wire, ManualTimer::new(), limits);
        let handle = layer.handle();
        let other = handle.clone();
        let thread = thread::spawn(move || drop(block_on(other.reserve()).unwrap()));
        let permit = block_on(handle.reserve()).unwrap();
        let reply = block_on(permit.send_await::<Frame>(&(0, false, 1)));
        assert_eq!(reply.unwrap().2, 1);
        thread.join().unwrap();
        assert_eq!(handle.in_flight(), 0);
    });
}
