//! Closing with calls in flight, with a peer that is quick, slow or dead.

use std::time::Duration;

use await_layer::{CallError, Cause, Limits, Refused};
use await_layer_testkit::script::Op;
use await_layer_testkit::words::Word;

use crate::rig::{Task, proof, requests, rig, room_for};
use crate::shown;

const CALLS: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    /// Answers each 1 ms after the other.
    Slow,
    /// Answers nothing and reads.
    Mute,
    /// Does not even read.
    Stuck,
}

#[test]
fn f14_what_is_in_flight_ends_and_nothing_new_begins() {
    for peer in [Peer::Slow, Peer::Mute, Peer::Stuck] {
        let rig = rig(Limits {
            close_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(60),
            ..room_for(CALLS)
        });
        let mut driver = Task::new(rig.handle.driver());
        let mut calls: Vec<_> = (0..CALLS as u64)
            .map(|number| Task::new(rig.handle.send_await::<Word>(&Word::new(number))))
            .collect();
        for call in &mut calls {
            assert!(call.run().is_none());
        }
        assert!(driver.run().is_none());
        let mut unanswered = requests(rig.remote.take_written());
        assert_eq!(unanswered.len(), CALLS);
        if peer == Peer::Stuck {
            rig.remote.pend(Op::Ready);
            rig.remote.pend(Op::Flush);
            rig.remote.pend(Op::Close);
        }
        // Twice, the second during the first.
        let mut closing = [(); 2].map(|()| Task::new(rig.handle.close()));
        for close in &mut closing {
            assert!(close.run().is_none());
        }
        let mut refused = Task::new(rig.handle.send_await::<Word>(&Word::new(0)));
        assert!(matches!(
            refused.run(),
            Some(Err(CallError::Refused {
                why: Refused::Closing,
                ..
            }))
        ));
        let mut replies = 0;
        let mut reason = None;
        let mut millis = 0;
        while reason.is_none() {
            assert!(millis <= 5000, "{peer:?}: the close has its time");
            if let Some(request) = unanswered.pop().filter(|_| peer == Peer::Slow) {
                rig.remote.feed(request.reply(proof(request.number)));
            }
            reason = driver.run();
            if reason.is_none() {
                millis += 1;
                rig.timer.advance(Duration::from_millis(1));
                reason = driver.run();
            }
        }
        let cause = reason.expect("closed").cause();
        for (number, call) in calls.iter_mut().enumerate() {
            match call.run().expect("an outcome") {
                Ok(reply) => {
                    assert_eq!(reply.number, proof(number as u64));
                    replies += 1;
                }
                Err(CallError::Closed { reason, .. }) => assert_eq!(reason.cause(), cause),
                Err(error) => panic!("{error:?}"),
            }
        }
        for close in &mut closing {
            assert_eq!(close.run().expect("closed").cause(), cause);
        }
        assert_eq!(rig.handle.in_flight(), 0);
        assert!(rig.remote.is_dropped());
        match peer {
            Peer::Slow => assert_eq!((replies, cause), (CALLS, Cause::Local)),
            Peer::Mute | Peer::Stuck => {
                assert_eq!((replies, cause, millis), (0, Cause::CloseTimeout, 5000));
            }
        }
        assert_eq!(rig.remote.is_closed(), peer != Peer::Stuck, "{peer:?}");
        shown!(
            "F14",
            "{CALLS} in flight, {peer:?} peer: {replies} replies, closed after {millis} ms"
        );
    }
}

#[test]
fn f14_the_last_handle_takes_the_connection_with_it() {
    let rig = rig(room_for(CALLS));
    let mut calls: Vec<_> = (0..CALLS as u64)
        .map(|number| Task::new(rig.handle.send_await::<Word>(&Word::new(number))))
        .collect();
    for call in &mut calls {
        assert!(call.run().is_none());
    }
    let remote = rig.remote.clone();
    drop((rig.handle, rig.incoming));
    assert!(!remote.is_dropped(), "the calls hold it");
    calls.clear();
    assert!(remote.is_dropped());
    shown!("F14", "the last of {CALLS} calls drops the transport");
}
