//! Calls that one future waits for are calls like any other.

use std::time::Duration;

use await_layer::{CallError, Cause, Limits, Refused, Sent};

use crate::stage::{Task, reply_to, stage, stage_with};

const WORDS: [&str; 4] = ["a", "b", "c", "d"];

#[test]
fn replies_come_in_the_order_of_the_requests_and_wake_once() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    let mut all = Task::new(stage.handle.send_await_all::<String, _>(WORDS));
    assert!(all.poll().is_pending() && driver.run().is_none());
    let requests = stage.remote.take_written();
    assert_eq!(requests.len(), 4);
    for (request, word) in requests.iter().zip(WORDS) {
        assert!(request.ends_with(word), "out of order: {request}");
    }
    all.waker.take();
    for index in [2, 0, 3, 1] {
        assert_eq!(all.waker.wakes(), 0, "woken before the last reply");
        stage.remote.feed(reply_to(&requests[index], WORDS[index]));
        assert!(driver.run().is_none());
    }
    assert_eq!(all.waker.wakes(), 1);
    let replies = all.run().expect("all have come");
    let replies: Vec<_> = replies.into_iter().map(Result::unwrap).collect();
    assert_eq!(replies, WORDS);
    assert_eq!(stage.handle.in_flight(), 0);
}

#[test]
fn a_batch_alone_drives_itself() {
    let (stage, _incoming) = stage();
    let mut all = Task::new(stage.handle.send_await_all::<String, _>(WORDS));
    assert!(all.run().is_none());
    for request in stage.remote.take_written() {
        stage.remote.feed(reply_to(&request, "yes"));
    }
    let replies = all.run().expect("all have come");
    assert!(replies.iter().all(|reply| reply.as_deref() == Ok("yes")));
}

#[test]
fn each_call_of_a_batch_has_an_outcome_of_its_own() {
    let (stage, _incoming) = stage();
    let requests = ["fine", "unpackable word", "garbled", "slow"];
    let all = stage.handle.send_await_all::<String, _>(requests);
    let mut all = Task::new(all.timeout(Duration::from_millis(10)));
    assert!(all.run().is_none());
    let written = stage.remote.take_written();
    assert_eq!(written.len(), requests.len());
    stage.remote.feed(reply_to(&written[2], "garbled"));
    stage.remote.feed(reply_to(&written[0], "fine"));
    stage.remote.feed(reply_to(&written[1], "word"));
    assert!(all.run().is_none());
    stage.timer.advance(Duration::from_millis(10));
    let replies = all.run().expect("all have ended");
    assert_eq!(replies[0].as_deref(), Ok("fine"));
    assert_eq!(replies[1].as_deref(), Ok("word"));
    assert!(matches!(replies[2], Err(CallError::Unpack(_))));
    let yes = Sent::Yes;
    assert!(matches!(replies[3], Err(CallError::Timeout { sent, .. }) if sent == yes));
}

#[test]
fn a_batch_beyond_the_permits_is_answered_all_the_same() {
    let (stage, _incoming) = stage_with(Limits {
        max_in_flight: 3,
        ..Limits::default()
    });
    let many: Vec<_> = (0..200).map(|n| n.to_string()).collect();
    let mut all = Task::new(stage.handle.send_await_all::<String, _>(&many));
    let mut replies = all.run();
    while replies.is_none() {
        let written = stage.remote.take_written();
        assert!((1..=3).contains(&written.len()), "{}", written.len());
        for request in written {
            let (_, body) = request.split_once(' ').expect("a body");
            stage.remote.feed(reply_to(&request, body));
        }
        replies = all.run();
    }
    let replies: Result<Vec<_>, _> = replies.expect("all have come").into_iter().collect();
    assert_eq!(replies.expect("no call failed"), many);
}

#[test]
fn a_dropped_batch_cancels_what_has_no_outcome_and_leaves_nothing_behind() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    let mut all = Task::new(stage.handle.send_await_all::<String, _>(WORDS));
    assert!(all.poll().is_pending() && driver.run().is_none());
    let written = stage.remote.take_written();
    stage.remote.feed(reply_to(&written[1], "in time"));
    assert!(driver.run().is_none());
    drop(all);
    assert_eq!(stage.handle.in_flight(), 0);
    assert!(driver.run().is_none());
    assert_eq!(stage.remote.take_written().len(), 3, "a cancel for each");
    for index in [0, 2, 3] {
        stage.remote.feed(reply_to(&written[index], "late"));
    }
    assert!(driver.run().is_none());
    let stats = stage.handle.stats();
    assert_eq!((stats.cancelled, stats.replied), (3, 1));
    assert_eq!(stats.late + stats.unknown, 3);
    drop(Task::new(stage.handle.send_await_all::<String, _>(WORDS)));
    assert_eq!(stage.handle.stats().calls, 4, "never polled, never begun");
}

#[test]
fn the_end_fails_every_call_of_a_batch_and_refuses_the_next() {
    let (stage, _incoming) = stage();
    let mut all = Task::new(stage.handle.send_await_all::<String, _>(WORDS));
    assert!(all.run().is_none());
    stage.remote.end();
    let replies = all.run().expect("the end is for all");
    assert_eq!(replies.len(), 4);
    for reply in replies {
        let Err(CallError::Closed { reason, .. }) = reply else {
            panic!("{reply:?}");
        };
        assert_eq!(reason.cause(), Cause::Eof);
    }
    let mut next = Task::new(stage.handle.send_await_all::<String, _>(["x"]));
    let replies = next.run().expect("at once");
    assert!(matches!(replies[0], Err(CallError::Closed { .. })));
}

#[test]
fn a_batch_of_nothing_is_ready_and_a_closing_connection_refuses_each() {
    let (stage, _incoming) = stage();
    let nothing: [&str; 0] = [];
    let mut none = Task::new(stage.handle.send_await_all::<String, _>(nothing));
    assert!(none.run().expect("at once").is_empty());
    let mut pending = stage.ask("pending");
    assert!(pending.run().is_none());
    let mut close = Task::new(stage.handle.close());
    assert!(close.run().is_none());
    let mut all = Task::new(stage.handle.send_await_all::<String, _>(["late", "later"]));
    for (reply, word) in all
        .run()
        .expect("at once")
        .into_iter()
        .zip(["late", "later"])
    {
        let refused = CallError::Refused {
            why: Refused::Closing,
            frame: Some(word.to_owned()),
        };
        assert_eq!(reply, Err(refused));
    }
}
