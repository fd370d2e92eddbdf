//! The driver keeps reading, whatever the application or the sink does.

use std::time::Duration;

use await_layer::{
    AwaitLayer, CallError, Cause, Event, Limits, ManualTimer, Refused, Sent, SlotIds, memory, serve,
};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::Op;
use await_layer_testkit::steps::Steps;
use futures::StreamExt;
use futures::future::join_all;

use crate::stage::{Broken, Letters, Task, reply_to, requests, stage, stage_with};

#[test]
fn replies_are_read_while_a_write_is_pending() {
    for stuck in [Op::Ready, Op::Flush] {
        let (stage, _incoming) = stage();
        let mut answered = stage.ask("answered");
        assert!(answered.run().is_none());
        let request = requests(&stage.remote, &["answered"]).remove(0);
        stage.remote.pend(stuck);
        let mut written = stage.ask("stuck");
        assert!(written.run().is_none());
        stage.remote.feed(reply_to(&request, "yes"));
        assert!(written.run().is_none());
        assert_eq!(answered.run(), Some(Ok("yes".to_owned())), "{stuck:?}");
        stage.remote.resume(stuck);
        assert!(written.run().is_none());
        requests(&stage.remote, &["stuck"]);
    }
}

#[test]
fn full_buffers_both_ways_are_no_deadlock() {
    let (left, right) = memory::pair(1);
    let mut steps = Steps::seeded(1);
    for (end, io) in [("left", left), ("right", right)] {
        let protocol = Letters {
            ids: SlotIds::<u64>::new(),
            answers_cancelled: true,
        };
        let limits = Limits::default();
        let layer = AwaitLayer::with(Contract::new(io), protocol, ManualTimer::new(), limits);
        let (handle, incoming) = layer.split();
        steps.spawn(format!("server {end}"), async move {
            serve(incoming, 8, async |body: String| Ok::<_, ()>(body)).await;
        });
        steps.spawn(end, async move {
            let large = "x".repeat(100_000);
            let calls = (0..8).map(|n| handle.send_await::<String>(&*format!("{n}{large}")));
            for (n, reply) in join_all(calls).await.into_iter().enumerate() {
                assert_eq!(reply, Ok(format!("{n}{large}")));
            }
            // Whoever is first ends it for both; the other's calls are done or
            // still may finish.
            handle.closed().await;
        });
    }
    // All that is left once the calls are done waits for an end that nobody
    // asked for.
    let stuck = steps.run(10_000).expect_err("nobody closes");
    assert!(stuck.to_string().starts_with("deadlock"), "{stuck}");
    assert!(steps.polls() < 2_000, "{}", steps.polls());
}

#[test]
fn messages_that_nobody_takes_do_not_starve_replies() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound: 2,
        ..Limits::default()
    });
    let mut call = stage.ask("hello");
    assert!(call.run().is_none());
    let request = requests(&stage.remote, &["hello"]).remove(0);
    for notice in ["one", "two", "three", "four"] {
        stage.remote.feed(notice.to_owned());
    }
    stage.remote.feed(reply_to(&request, "yes"));
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
    let mut took = Vec::new();
    for _ in 0..3 {
        let event = Task::new(incoming.next()).run().flatten();
        took.push(match event {
            Some(Event::Message(frame)) => frame,
            Some(Event::Lagged(n)) => format!("lagged {n}"),
            event => panic!("{event:?}"),
        });
    }
    assert_eq!(took, ["one", "two", "lagged 2"]);
}

#[test]
fn a_gap_is_told_where_the_messages_were() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound: 1,
        ..Limits::default()
    });
    let mut call = stage.ask("hello");
    assert!(call.run().is_none());
    for frame in ["kept", "dropped", "q1 work"] {
        stage.remote.feed(frame.to_owned());
    }
    assert!(call.run().is_none());
    let mut next = || Task::new(incoming.next()).run().flatten();
    assert!(matches!(next(), Some(Event::Message(frame)) if frame == "kept"));
    assert!(matches!(next(), Some(Event::Lagged(1))));
    assert!(matches!(next(), Some(Event::Request(_))));
}

#[test]
fn a_gap_between_messages_is_told_where_it_was() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound: 2,
        ..Limits::default()
    });
    let mut call = stage.ask("hello");
    for notice in ["one", "two", "three", "four"] {
        stage.remote.feed(notice.to_owned());
    }
    assert!(call.run().is_none());
    let mut next = || match Task::new(incoming.next()).run().flatten() {
        Some(Event::Message(frame)) => frame,
        Some(Event::Lagged(n)) => format!("lagged {n}"),
        event => panic!("{event:?}"),
    };
    assert_eq!(next(), "one");
    // There is room again, before anybody has heard of those that had none.
    stage.remote.feed("five".to_owned());
    assert!(call.run().is_none());
    assert_eq!([next(), next(), next()], ["two", "lagged 2", "five"]);
}

#[test]
fn reading_goes_on_once_messages_are_taken() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound: 1,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    for notice in ["one", "two", "three"] {
        stage.remote.feed(notice.to_owned());
    }
    // No call is pending: it stops reading rather than drop any.
    assert!(driver.run().is_none());
    assert_eq!(stage.remote.unread(), 2);
    for notice in ["one", "two", "three"] {
        let event = Task::new(incoming.next()).run().flatten();
        assert!(matches!(event, Some(Event::Message(frame)) if frame == notice));
        assert!(driver.run().is_none());
    }
    assert_eq!(stage.handle.stats().dropped, 0);
}

#[test]
fn a_gap_before_the_transport_failed_is_told() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound: 1,
        ..Limits::default()
    });
    let mut call = stage.ask("hello");
    assert!(call.run().is_none());
    for notice in ["one", "two", "three"] {
        stage.remote.feed(notice.to_owned());
    }
    stage.remote.fail_read(Broken);
    assert!(matches!(call.run(), Some(Err(CallError::Closed { .. }))));
    let mut next = || Task::new(incoming.next()).run().expect("it has ended");
    assert!(matches!(next(), Some(Event::Message(frame)) if frame == "one"));
    assert!(matches!(next(), Some(Event::Lagged(2))));
    assert!(next().is_none());
    assert!(next().is_none());
}

#[test]
fn handlers_that_all_wait_for_replies_do_not_stop_the_reader() {
    let (stage, incoming) = stage();
    let handle = stage.handle.clone();
    let mut serving = Task::new(serve(incoming, 2, move |body: String| {
        let call = handle.send_await::<String>(&*format!("nested {body}"));
        async move { call.await.map_err(drop) }
    }));
    for n in 0..5 {
        stage.remote.feed(format!("q{n} {n}"));
    }
    let mut answers = Vec::new();
    for _ in 0..10 {
        assert!(serving.run().is_none());
        for frame in stage.remote.take_written() {
            if frame.starts_with('q') {
                stage.remote.feed(reply_to(&frame, "done"));
            } else {
                answers.push(frame);
            }
        }
    }
    answers.sort();
    assert_eq!(
        answers,
        ["r0 done", "r1 done", "r2 done", "r3 done", "r4 done"]
    );
}

#[test]
fn a_stuck_write_holds_up_neither_deadline_nor_drop_nor_close() {
    let limits = Limits {
        close_timeout: Duration::from_millis(20),
        ..Limits::default()
    };
    let (stage, _incoming) = stage_with(limits);
    stage.remote.pend(Op::Ready);
    let mut expires = stage.ask_within(10, "expires");
    let mut dropped = stage.ask("dropped");
    let mut waits = stage.ask("waits");
    for call in [&mut expires, &mut dropped, &mut waits] {
        assert!(call.run().is_none());
    }
    drop(dropped);
    assert_eq!(stage.handle.in_flight(), 2);
    stage.timer.advance(Duration::from_millis(10));
    waits.run();
    let expired = expires.run();
    let no = Err(CallError::Timeout {
        sent: Sent::No,
        frame: Some("expires".to_owned()),
    });
    assert_eq!(expired, Some(no));
    let mut close = Task::new(stage.handle.close());
    assert!(close.run().is_none());
    let refused = Err(CallError::Refused {
        why: Refused::Closing,
        frame: Some("late".to_owned()),
    });
    assert_eq!(stage.ask("late").run(), Some(refused));
    stage.timer.advance(Duration::from_millis(20));
    waits.run();
    let reason = close.run().expect("in time");
    assert_eq!(reason.cause(), Cause::CloseTimeout);
    assert!(stage.remote.is_dropped());
}

#[test]
fn an_idle_stream_sees_messages_and_the_end_at_once() {
    let (stage, mut incoming) = stage();
    let mut next = Task::new(incoming.next());
    assert!(next.run().is_none());
    stage.remote.feed("notice".to_owned());
    let event = next.run().flatten();
    assert!(matches!(event, Some(Event::Message(frame)) if frame == "notice"));
    drop(next);
    let mut next = Task::new(incoming.next());
    assert!(next.run().is_none());
    stage.remote.end();
    assert!(matches!(next.run(), Some(None)));
    let reason = stage.handle.close_reason().expect("it has ended");
    assert_eq!(reason.cause(), Cause::Eof);
}
