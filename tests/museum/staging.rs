//! Frames are written and answers delivered a few at a time; nobody can tell.

use await_layer::{CallError, Cause, Event, Limits, Refused, SealError, Sent, SlotIds};
use await_layer_testkit::script::Op;
use futures::StreamExt;

use crate::stage::{Task, layer, reply_to, requests, stage, stage_with};

/// More than are written under one lock.
const MANY: usize = 40;

#[test]
fn frames_keep_their_order_wherever_the_transport_has_no_more_room() {
    for room in 0..MANY {
        let (stage, mut incoming) = stage();
        stage.remote.allow(room);
        let mut driver = Task::new(stage.handle.driver());
        assert!(driver.run().is_none());
        stage.remote.feed("q1 work".to_owned());
        let event = Task::new(incoming.next()).run().flatten();
        let Some(Event::Request(request)) = event else {
            panic!("{event:?}");
        };
        // All kinds of frames, and what comes between two of them.
        let mut expected = Vec::new();
        let mut calls = Vec::new();
        let mut sends = Vec::new();
        let mut request = Some(request);
        for n in 0..MANY {
            match n % 4 {
                0 => {
                    let mut call = stage.ask(&n.to_string());
                    assert!(call.poll().is_pending());
                    calls.push(call);
                }
                1 => {
                    let mut send = Task::new(stage.handle.send(&*n.to_string()));
                    assert!(send.poll().is_pending());
                    sends.push(send);
                }
                2 => stage.handle.try_send(&*n.to_string()).expect("room"),
                _ => match request.take() {
                    Some(request) => {
                        let mut answer = Task::new(request.responder.reply(&*n.to_string()));
                        assert!(answer.poll().is_pending());
                        sends.push(answer);
                    }
                    None => stage.handle.try_send(&*n.to_string()).expect("room"),
                },
            }
            expected.push(n.to_string());
        }
        assert!(driver.run().is_none());
        let mut written = stage.remote.take_written();
        assert_eq!(written.len(), room);
        // One more comes behind those that were put back.
        stage.handle.try_send("last").expect("room");
        expected.push("last".to_owned());
        while written.len() < expected.len() {
            stage.remote.allow(1);
            assert!(driver.run().is_none());
            let more = stage.remote.take_written();
            assert_eq!(more.len(), 1, "room {room}");
            written.extend(more);
        }
        let bodies: Vec<_> = written
            .iter()
            .map(|frame| frame.split(' ').next_back().unwrap_or_default())
            .collect();
        assert_eq!(bodies, expected, "room {room}");
        for send in &mut sends {
            assert_eq!(send.run(), Some(Ok(())));
        }
    }
}

#[test]
fn a_call_that_was_put_back_and_dropped_leaves_no_trace() {
    for kept in [0, 1, 20] {
        let (stage, _incoming) = stage();
        let mut driver = Task::new(stage.handle.driver());
        assert!(driver.run().is_none());
        stage.remote.allow(kept);
        let mut calls: Vec<_> = (0..MANY).map(|n| stage.ask(&n.to_string())).collect();
        for call in &mut calls {
            assert!(call.poll().is_pending());
        }
        for _ in 0..3 {
            assert!(driver.run().is_none());
        }
        assert_eq!(stage.remote.take_written().len(), kept);
        let written = calls.drain(..kept).collect::<Vec<_>>();
        let (odd, even): (Vec<_>, Vec<_>) =
            calls.into_iter().enumerate().partition(|(n, _)| n % 2 == 1);
        drop(odd);
        let left: Vec<_> = even.iter().map(|(n, _)| (n + kept).to_string()).collect();
        stage.remote.allow_all();
        assert!(driver.run().is_none());
        let left: Vec<_> = left.iter().map(String::as_str).collect();
        requests(&stage.remote, &left);
        assert_eq!(stage.handle.in_flight(), kept + left.len());
        drop(written);
    }
}

#[test]
fn a_transport_that_is_blocked_for_long_gets_what_is_left_in_order() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    let mut live = stage.ask("live");
    assert!(live.poll().is_pending() && driver.run().is_none());
    let request = requests(&stage.remote, &["live"]).remove(0);
    let id = request[1..].split(' ').next().expect("an id").to_owned();
    stage.remote.pend(Op::Ready);
    let mut late = stage.ask_within(10, "late");
    let mut dropped = stage.ask("dropped");
    let mut stays = stage.ask("stays");
    for call in [&mut late, &mut dropped, &mut stays] {
        assert!(call.poll().is_pending() && driver.run().is_none());
    }
    stage.handle.try_send("plain").expect("room");
    assert!(driver.run().is_none());
    // Its cancel goes behind all that.
    drop(live);
    assert!(driver.run().is_none());
    drop(dropped);
    let mut after = stage.ask("after");
    assert!(after.poll().is_pending() && driver.run().is_none());
    stage.timer.advance(std::time::Duration::from_millis(10));
    assert!(driver.run().is_none());
    let expired = Err(CallError::Timeout {
        sent: Sent::No,
        frame: Some("late".to_owned()),
    });
    assert_eq!(late.run(), Some(expired));
    assert!(stage.remote.take_written().is_empty());
    stage.remote.resume(Op::Ready);
    assert!(driver.run().is_none());
    let written = stage.remote.take_written();
    let heads: Vec<_> = written
        .iter()
        .map(|frame| frame.split(' ').next_back().unwrap_or_default())
        .collect();
    assert_eq!(heads, ["stays", "plain", &*format!("c{id}"), "after"]);
}

#[test]
fn a_reply_that_overtakes_a_cancel_takes_it_back() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    let mut call = stage.ask("hello");
    assert!(call.poll().is_pending() && driver.run().is_none());
    let request = requests(&stage.remote, &["hello"]).remove(0);
    stage.remote.pend(Op::Ready);
    drop(call);
    assert!(driver.run().is_none());
    stage.remote.feed(reply_to(&request, "late"));
    assert!(driver.run().is_none());
    stage.remote.resume(Op::Ready);
    assert!(driver.run().is_none());
    assert!(stage.remote.take_written().is_empty());
    assert_eq!(stage.handle.stats().late, 1);
}

#[test]
fn a_refusal_that_the_transport_has_no_room_for_is_written_before_the_close() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    let mut call = stage.ask("last");
    assert!(call.poll().is_pending() && driver.run().is_none());
    let request = requests(&stage.remote, &["last"]).remove(0);
    let mut closed = Task::new(stage.handle.close());
    assert!(closed.poll().is_pending() && driver.run().is_none());
    stage.remote.pend(Op::Ready);
    stage.remote.feed("q5 too late".to_owned());
    stage.remote.feed(reply_to(&request, "yes"));
    assert!(driver.run().is_none(), "a refusal is due");
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
    stage.remote.resume(Op::Ready);
    let reason = driver.run().expect("it ends");
    assert_eq!(reason.cause(), Cause::Local);
    assert_eq!(stage.remote.take_written(), ["e5 Busy"]);
}

#[test]
fn frames_that_are_due_when_a_deadline_passes_are_written_before_the_close() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    let mut call = stage.ask_within(10, "last");
    assert!(call.poll().is_pending() && driver.run().is_none());
    requests(&stage.remote, &["last"]);
    stage.remote.pend(Op::Ready);
    stage.handle.try_send("notice").expect("room");
    let mut closed = Task::new(stage.handle.close());
    assert!(closed.poll().is_pending());
    stage.timer.advance(std::time::Duration::from_millis(10));
    assert!(driver.run().is_none(), "a notice and a cancel are due");
    assert!(matches!(call.run(), Some(Err(CallError::Timeout { .. }))));
    stage.remote.resume(Op::Ready);
    let reason = driver.run().expect("it ends");
    assert_eq!(reason.cause(), Cause::Local);
    let written = stage.remote.take_written();
    assert_eq!(written.len(), 2, "{written:?}");
    assert_eq!(written[0], "notice");
}

#[test]
fn the_last_reply_stops_reading_before_a_message_is_lost() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound: 1,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    let mut call = stage.ask("hello");
    assert!(call.poll().is_pending() && driver.run().is_none());
    let request = requests(&stage.remote, &["hello"]).remove(0);
    stage.remote.feed("one".to_owned());
    stage.remote.feed(reply_to(&request, "yes"));
    stage.remote.feed("two".to_owned());
    assert!(driver.run().is_none());
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
    for expected in ["one", "two"] {
        let event = Task::new(incoming.next()).run().flatten();
        assert!(
            matches!(&event, Some(Event::Message(frame)) if frame == expected),
            "{expected}: {event:?}"
        );
        assert!(driver.run().is_none());
    }
    assert_eq!(stage.handle.stats().dropped, 0);
}

#[test]
fn a_request_that_does_not_seal_holds_up_nothing_around_it() {
    let (stage, _layer) = layer(SlotIds::<u64>::new(), Limits::default());
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    let bodies = ["a", "unsealable", "b", "unsealable", "c"];
    let mut calls = bodies.map(|body| stage.ask(body));
    for call in &mut calls {
        assert!(call.poll().is_pending());
    }
    assert!(driver.run().is_none());
    requests(&stage.remote, &["a", "b", "c"]);
    for (call, body) in calls.iter_mut().zip(bodies) {
        let outcome = call.run();
        if body == "unsealable" {
            let refused = Err(CallError::Refused {
                why: Refused::Seal(SealError::new("it does not seal")),
                frame: Some(body.to_owned()),
            });
            assert_eq!(outcome, Some(refused));
        } else {
            assert_eq!(outcome, None);
        }
    }
    assert_eq!(stage.handle.in_flight(), 3);
}

#[test]
fn what_one_turn_may_not_write_the_next_one_does_at_once() {
    for spent in [1, 7, 16, 17] {
        let (stage, _incoming) = stage_with(Limits {
            frames_per_turn: spent,
            ..Limits::default()
        });
        let mut driver = Task::new(stage.handle.driver());
        assert!(driver.run().is_none());
        for n in 0..MANY {
            stage.handle.try_send(&*n.to_string()).expect("room");
        }
        assert!(driver.run().is_none());
        assert_eq!(stage.remote.take_written().len(), MANY, "{spent} a turn");
        assert_eq!(stage.remote.unflushed(), 0);
        // Eight turns share a flush, and no more: the queue may never end.
        let turns = MANY.div_ceil(spent);
        let flushes = turns.div_ceil(8) as u64;
        assert_eq!(stage.remote.calls(Op::Flush), flushes, "{spent} a turn");
    }
}

#[test]
fn a_flush_that_was_put_off_comes_though_the_queue_is_empty_by_then() {
    let (stage, _incoming) = stage_with(Limits {
        frames_per_turn: 1,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    let mut first = Task::new(stage.handle.send_await::<String>("first"));
    let mut second = Task::new(stage.handle.send_await::<String>("second"));
    assert!(first.poll().is_pending() && second.poll().is_pending());
    // The second is to share the flush, and goes while the first is written.
    let mut second = Some(second);
    stage.remote.on_send(move |_, _| drop(second.take()));
    assert!(driver.poll().is_pending());
    assert_eq!(stage.remote.unflushed(), 1, "it was put off");
    assert!(driver.run().is_none());
    assert_eq!(stage.remote.unflushed(), 0);
    assert_eq!(stage.remote.take_written().len(), 1);
}

#[test]
fn a_message_that_is_not_flushed_is_waited_for_before_the_close() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    stage.remote.pend(Op::Flush);
    let mut send = Task::new(stage.handle.send("hello"));
    assert!(send.poll().is_pending() && driver.run().is_none());
    let mut closed = Task::new(stage.handle.close());
    assert!(closed.poll().is_pending() && driver.run().is_none());
    assert_eq!(stage.remote.calls(Op::Close), 0);
    stage.remote.resume(Op::Flush);
    assert_eq!(driver.run().map(|end| end.cause()), Some(Cause::Local));
    assert_eq!(send.run(), Some(Ok(())));
}

#[test]
fn late_replies_beyond_the_budget_end_it_in_the_turn_in_which_they_come() {
    let (stage, _incoming) = stage_with(Limits {
        unmatched_budget: 0,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    let mut call = stage.ask("hello");
    assert!(call.poll().is_pending() && driver.run().is_none());
    let request = requests(&stage.remote, &["hello"]).remove(0);
    // Its cancel is not written: the reply still finds the call.
    stage.remote.pend(Op::Ready);
    drop(call);
    assert!(driver.run().is_none());
    // One reply too many was to be expected, and this is it.
    stage.remote.feed("r999 what?".to_owned());
    assert!(driver.run().is_none());
    stage.remote.feed(reply_to(&request, "late"));
    let reason = driver.run().expect("it ends");
    assert_eq!(reason.cause(), Cause::Unmatched);
}
