//! The end reaches everybody, once, and nothing comes after it.

use await_layer::{CallError, Cause, Limits, Overflow, SendError, Sent, SlotIds};
use await_layer_testkit::script::{self, Op};
use await_layer_testkit::steps::Steps;
use futures::StreamExt;

use crate::stage::{Broken, Letters, Task, play, reply_to, requests, stage, stage_with};

#[test]
fn a_reply_that_comes_while_the_request_is_being_sent_finds_its_call() {
    for inside_flush in [false, true] {
        let (stage, _incoming) = stage();
        let answer = |frame: &String, remote: &script::Remote<String, Broken>| {
            remote.feed(reply_to(frame, "at once"));
        };
        if inside_flush {
            stage.remote.on_flush(answer);
        } else {
            stage.remote.on_send(answer);
        }
        assert_eq!(stage.ask("quick").run(), Some(Ok("at once".to_owned())));
    }
}

#[test]
fn a_call_that_begins_after_the_end_fails_at_once() {
    let (stage, _incoming) = stage();
    let mut before = stage.ask("before");
    stage.remote.end();
    let mut driver = Task::new(stage.handle.driver());
    let reason = driver.run().expect("it ends");
    let mut after = stage.ask("after");
    for (call, frame) in [(&mut before, "before"), (&mut after, "after")] {
        let closed = Err(CallError::Closed {
            reason: reason.clone(),
            sent: Sent::No,
            frame: Some(frame.to_owned()),
        });
        assert_eq!(call.run(), Some(closed));
    }
    assert!(stage.remote.take_written().is_empty());
}

#[test]
fn the_end_fails_all_that_is_pending_with_one_reason() {
    let ends: [(&str, Cause); 6] = [
        ("eof", Cause::Eof),
        ("read", Cause::Transport),
        ("ready", Cause::Transport),
        ("send", Cause::Transport),
        ("flush", Cause::Transport),
        ("panic", Cause::Panicked),
    ];
    for (end, cause) in ends {
        let (stage, mut incoming) = stage();
        let mut written: Vec<_> = ["a", "b"].map(|body| stage.ask(body)).into();
        for _ in 0..2 {
            for call in &mut written {
                assert!(call.run().is_none());
            }
        }
        requests(&stage.remote, &["a", "b"]);
        let mut next = Task::new(incoming.next());
        assert!(next.run().is_none());
        let mut closed = Task::new(stage.handle.closed());
        assert!(closed.run().is_none());
        let mut last = stage.ask("last");
        match end {
            "eof" => stage.remote.end(),
            "read" => stage.remote.fail_read(Broken),
            "ready" => stage.remote.fail(Op::Ready, Broken),
            "send" => stage.remote.fail(Op::Send, Broken),
            "flush" => stage.remote.fail(Op::Flush, Broken),
            _ => stage.remote.feed("poison".to_owned()),
        }
        let mut outcomes = Vec::new();
        let first = last.run();
        assert!(matches!(next.run(), Some(None)), "{end}");
        outcomes.extend(first.or_else(|| last.run()));
        outcomes.extend(written.iter_mut().filter_map(Task::run));
        assert_eq!(outcomes.len(), 3, "{end}: nobody is left behind");
        let reason = closed.run().expect(end);
        assert_eq!(reason.cause(), cause, "{end}: {reason}");
        for (n, outcome) in outcomes.into_iter().enumerate() {
            let Err(CallError::Closed {
                reason: given,
                sent,
                frame,
            }) = outcome
            else {
                panic!("{end}: {outcome:?}");
            };
            assert_eq!(given, reason, "{end}");
            assert_eq!(frame.is_some(), sent == Sent::No, "{end}");
            if n > 0 {
                assert_eq!(sent, Sent::Yes, "{end}: it was flushed");
            }
        }
        assert_eq!(stage.handle.in_flight(), 0);
        assert!(stage.remote.is_dropped());
    }
}

#[test]
fn a_panic_that_ends_a_connection_does_no_more_harm() {
    let (stage, _incoming) = stage();
    let mut call = stage.ask("pending");
    assert!(call.run().is_none());
    stage.remote.feed("poison".to_owned());
    let Some(Err(CallError::Closed { reason, .. })) = call.run() else {
        panic!("it fails");
    };
    assert_eq!(reason.cause(), Cause::Panicked);
    assert!(
        !reason.to_string().contains("poison"),
        "no payload is passed on"
    );
    // No lock is poisoned.
    assert_eq!(stage.handle.in_flight(), 0);
    assert_eq!(stage.handle.close_reason().as_ref(), Some(&reason));
    assert_eq!(Task::new(stage.handle.close()).run(), Some(reason));
}

#[test]
fn the_last_handle_takes_the_transport_with_it_whenever_it_goes() {
    for polls in 0..6 {
        let (io, remote) = script::scripted();
        let protocol = Letters {
            ids: SlotIds::<u64>::new(),
            answers_cancelled: true,
        };
        let (stage, layer) = play(io, remote.clone(), protocol, Limits::default());
        let mut driver = Task::new(stage.handle.driver());
        let mut steps = Steps::new();
        let handle = stage.handle.clone();
        let user = steps.spawn("user", async move {
            let call = handle.send_await::<String>("never answered");
            drop(handle);
            drop(call.await);
        });
        drop((layer, stage));
        for poll in 0..polls {
            match poll % 2 {
                0 => drop(steps.step()),
                _ => assert!(driver.run().is_none()),
            }
        }
        assert!(!remote.is_dropped());
        steps.cancel(user);
        assert!(remote.is_dropped(), "after {polls} polls");
        let reason = driver.run().expect("it is woken for the last time");
        assert_eq!(reason.cause(), Cause::Dropped);
    }
}

#[test]
fn a_driver_alone_is_woken_when_the_last_handle_goes() {
    let (stage, incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    assert_eq!(driver.waker.wakes(), 0);
    drop((stage, incoming));
    assert!(driver.waker.wakes() > 0);
    assert_eq!(driver.run().unwrap().cause(), Cause::Dropped);
}

#[test]
fn the_end_fails_messages_too_and_says_how_far_each_got() {
    let (stage, _incoming) = stage();
    stage.remote.pend(Op::Flush);
    let mut written = Task::new(stage.handle.send("written"));
    assert!(written.run().is_none());
    stage.remote.fail_read(Broken);
    let mut driver = Task::new(stage.handle.driver());
    let reason = driver.run().expect("it ends");
    let mut late = Task::new(stage.handle.send("late"));
    for (send, sent, frame) in [
        (&mut written, Sent::Maybe, None),
        (&mut late, Sent::No, Some("late".to_owned())),
    ] {
        let closed = Err(SendError::Closed {
            reason: reason.clone(),
            sent,
            frame,
        });
        assert_eq!(send.run(), Some(closed));
    }
}

#[test]
fn asking_for_the_reason_again_gives_the_same() {
    let (stage, _incoming) = stage();
    let mut asked = Task::new(stage.handle.closed());
    assert!(asked.run().is_none());
    drop(asked);
    stage.remote.fail_read(Broken);
    let first = Task::new(stage.handle.closed())
        .run()
        .expect("it has ended");
    let second = Task::new(stage.handle.closed())
        .run()
        .expect("it has ended");
    assert_eq!(first, second);
    assert_eq!(first.text(), Broken.to_string());
}

#[test]
fn nothing_is_polled_after_the_end() {
    let (stage, mut incoming) = stage();
    let mut next = Task::new(incoming.next());
    assert!(next.run().is_none());
    stage.remote.end();
    assert!(matches!(next.run(), Some(None)));
    // The transport is gone: no poll can reach it, and nobody asks for one.
    assert!(stage.remote.is_dropped());
    stage.pass(std::time::Duration::from_secs(1), || {});
    assert_eq!(
        stage.ask("late").run().map(|outcome| outcome.is_err()),
        Some(true)
    );
    drop(next);
    for _ in 0..3 {
        assert!(matches!(Task::new(incoming.next()).run(), Some(None)));
    }
    // A timer that is still armed may ring once more.
    assert!(stage.timer.next_deadline().is_none());
}

#[test]
fn replies_that_are_there_come_before_the_end_by_a_failed_write() {
    let (stage, _incoming) = stage_with(Limits {
        frames_per_turn: 16,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    let mut calls: Vec<_> = (0..100).map(|_| stage.ask("hello")).collect();
    for call in &mut calls {
        assert!(call.run().is_none());
    }
    assert!(driver.run().is_none());
    let written = stage.remote.take_written();
    assert_eq!(written.len(), calls.len());
    // More than one turn of reading.
    for request in written {
        stage.remote.feed(reply_to(&request, "yes"));
    }
    stage.remote.fail(Op::Ready, Broken);
    stage.handle.try_send("notice").expect("there is room");
    let reason = driver.run().expect("it ends");
    assert_eq!(reason.cause(), Cause::Transport);
    for call in &mut calls {
        assert_eq!(call.run(), Some(Ok("yes".to_owned())));
    }
}

#[test]
fn a_close_does_not_wait_for_requests_that_nobody_took() {
    let (stage, mut incoming) = stage();
    stage.remote.feed("q1 taken".to_owned());
    stage.remote.feed("q2 not taken".to_owned());
    // It is dropped at once, which refuses it.
    assert!(Task::new(incoming.next()).run().is_some());
    let reason = Task::new(stage.handle.close()).run();
    assert_eq!(reason.map(|reason| reason.cause()), Some(Cause::Local));
}

#[test]
fn calls_that_the_peer_ends_while_we_close_hear_that_it_was_the_peer() {
    let (stage, _incoming) = stage();
    let mut call = stage.ask("pending");
    assert!(call.run().is_none());
    assert!(Task::new(stage.handle.close()).run().is_none());
    stage.remote.end();
    let Some(Err(CallError::Closed { reason, .. })) = call.run() else {
        panic!("it fails");
    };
    assert_eq!(reason.cause(), Cause::Eof);
}

/// A peer that is not told sees its transport torn off.
#[test]
fn an_end_that_we_choose_is_announced_to_the_peer_and_keeps_nobody() {
    for stuck in [false, true] {
        for cause in [Cause::CloseTimeout, Cause::Unmatched, Cause::Overflow] {
            let (stage, incoming) = stage_with(Limits {
                unmatched_budget: 1,
                max_inbound: 1,
                overflow: Overflow::Close,
                ..Limits::default()
            });
            let mut call = stage.ask("never answered");
            let mut driver = Task::new(stage.handle.driver());
            assert!(call.run().is_none() && driver.run().is_none());
            if stuck {
                stage.remote.pend(Op::Close);
            }
            match cause {
                Cause::CloseTimeout => {
                    assert!(Task::new(stage.handle.close()).poll().is_pending());
                    assert!(driver.run().is_none());
                    stage.timer.advance(Limits::default().close_timeout);
                }
                Cause::Unmatched => (0..2).for_each(|_| stage.remote.feed("r99 what?".to_owned())),
                _ => (0..3).for_each(|_| stage.remote.feed("news".to_owned())),
            }
            let reason = driver.run().expect("it ends, stuck or not");
            assert_eq!(reason.cause(), cause);
            assert!(matches!(call.run(), Some(Err(CallError::Closed { .. }))));
            assert_eq!(stage.remote.calls(Op::Close), 1, "{cause:?}");
            assert_eq!(stage.remote.is_closed(), !stuck, "{cause:?}");
            assert!(stage.remote.is_dropped());
            drop(incoming);
        }
    }
}

#[test]
fn a_close_reads_on_though_nobody_takes_messages() {
    let (stage, _incoming) = stage_with(Limits {
        max_inbound: 1,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    (0..10).for_each(|_| stage.remote.feed("news".to_owned()));
    assert!(driver.run().is_none());
    assert_eq!(stage.remote.unread(), 9, "reading has stopped");
    stage.remote.pend(Op::Close);
    let mut close = Task::new(stage.handle.close());
    assert!(close.run().is_none() && driver.run().is_none());
    assert_eq!(stage.remote.unread(), 0, "the goodbye stands behind them");
}

#[test]
fn what_comes_once_the_transport_closes_ends_nothing_else() {
    for overflow in [Overflow::Lag, Overflow::Backpressure, Overflow::Close] {
        let (stage, incoming) = stage_with(Limits {
            max_inbound: 2,
            overflow,
            ..Limits::default()
        });
        let mut close = Task::new(stage.handle.close());
        // The peer's goodbye stands behind what it has sent.
        stage.remote.pend(Op::Close);
        for _ in 0..2 {
            stage.remote.feed("news".to_owned());
        }
        let mut driver = Task::new(stage.handle.driver());
        assert!(driver.run().is_none());
        assert!(close.run().is_none() && driver.run().is_none());
        for _ in 0..10 {
            stage.remote.feed("news".to_owned());
        }
        assert!(close.run().is_none() && driver.run().is_none());
        assert_eq!(stage.remote.unread(), 0, "{overflow:?}");
        stage.remote.end();
        let reason = driver.run().expect("it has ended");
        assert_eq!(reason.cause(), Cause::Local, "{overflow:?}");
        assert_eq!(stage.handle.stats().dropped, 10);
        drop(incoming);
    }
}
