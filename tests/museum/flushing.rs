//! Frames leave whole, in order and flushed, and come in as what they are.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use await_layer::{
    AwaitLayer, CallError, Cause, Driver, Event, Incoming, Limits, ManualTimer, Refusal, Refused,
    Request, SealError, SendError, Sent, SlotIds, WsAwait, memory, serve,
};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::{self, Op};
use await_layer_testkit::steps::Steps;
use futures::future::join_all;
use futures::{Sink, StreamExt};

use crate::stage::{
    Broken, Joint, Letters, Stage, Task, layer, play, refusal, reply_to, requests, stage,
    stage_with,
};

fn next_request(incoming: &mut Incoming<Joint>) -> Option<Request<Joint>> {
    match Task::new(incoming.next()).run()?? {
        Event::Request(request) => Some(request),
        event => panic!("{event:?}"),
    }
}

#[test]
fn every_frame_waits_until_the_sink_is_ready_for_it() {
    let (stage, _incoming) = stage();
    stage.remote.allow(0);
    let bodies = ["a", "b", "c", "d"];
    let mut calls = bodies.map(|body| stage.ask(body));
    let mut driver = Task::new(stage.handle.driver());
    for call in &mut calls {
        assert!(call.run().is_none());
    }
    for body in bodies {
        assert!(driver.run().is_none());
        assert!(stage.remote.take_written().is_empty());
        stage.remote.allow(1);
        assert!(driver.run().is_none());
        requests(&stage.remote, &[body]);
    }
    assert_eq!(stage.handle.close_reason(), None);
}

#[test]
fn what_is_written_is_flushed_before_anybody_waits() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    for n in 0..100 {
        stage
            .handle
            .try_send(&*n.to_string())
            .expect("there is room");
    }
    // More than one turn's worth.
    assert!(driver.run().is_none());
    assert_eq!(stage.remote.unflushed(), 0);
    let sent: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    assert_eq!(stage.remote.take_written(), sent);
}

#[test]
fn a_body_that_cannot_be_read_fails_its_own_call_at_once() {
    let (stage, _incoming) = stage();
    let mut bad = stage.ask("bad");
    let mut good = stage.ask("good");
    assert!(bad.run().is_none() && good.run().is_none());
    bad.run();
    let written = requests(&stage.remote, &["bad", "good"]);
    stage.remote.feed(reply_to(&written[0], "garbled"));
    good.run();
    let garbled = Err(CallError::Unpack("garbled".to_owned()));
    assert_eq!(bad.run(), Some(garbled));
    stage.remote.feed(reply_to(&written[1], "fine"));
    assert_eq!(good.run(), Some(Ok("fine".to_owned())));
}

#[test]
fn a_value_that_does_not_pack_fails_alone_and_nothing_is_sent() {
    let (stage, _incoming) = stage();
    let call = stage.ask("unspeakable").run();
    let why = "unspeakable".to_owned();
    assert_eq!(call, Some(Err(CallError::Pack(why.clone()))));
    let send = Task::new(stage.handle.send("unspeakable")).run();
    assert_eq!(send, Some(Err(SendError::Pack(why.clone()))));
    let queued = stage.handle.try_send("unspeakable");
    assert_eq!(queued, Err(SendError::Pack(why)));
    assert_eq!(stage.handle.in_flight(), 0);
    assert!(stage.remote.take_written().is_empty());
}

#[test]
fn a_frame_that_does_not_seal_comes_back_whole() {
    let (stage, _incoming) = stage();
    let outcome = stage.ask("unsealable").run();
    let Some(Err(CallError::Refused {
        why: Refused::Seal(_),
        frame,
    })) = outcome
    else {
        panic!("{outcome:?}");
    };
    assert_eq!(frame.as_deref(), Some("unsealable"));
    let outcome = Task::new(stage.handle.send("unsealable")).run();
    let refused = SendError::Refused {
        why: Refused::Seal(SealError::new("it does not seal")),
        frame: Some("unsealable".to_owned()),
    };
    assert_eq!(outcome, Some(Err(refused)));
    assert!(stage.remote.take_written().is_empty());
}

#[test]
fn a_request_under_the_id_of_a_pending_call_is_a_request() {
    let (stage, mut incoming) = stage();
    let mut call = stage.ask("ours");
    assert!(call.run().is_none());
    let ours = requests(&stage.remote, &["ours"]).remove(0);
    stage.remote.feed(ours.replace("ours", "theirs"));
    let request = next_request(&mut incoming).expect("a request");
    assert_eq!(request.frame, "theirs");
    assert!(call.run().is_none());
    stage.remote.feed(reply_to(&ours, "yes"));
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
}

#[test]
fn both_ends_may_use_the_same_ids() {
    let (left, right) = memory::pair(4);
    let mut steps = Steps::seeded(3);
    let ends = [("left", left), ("right", right)].map(|(end, io)| {
        let protocol = Letters {
            ids: SlotIds::<u64>::new(),
            answers_cancelled: true,
        };
        let (timer, limits) = (ManualTimer::new(), Limits::default());
        let layer = AwaitLayer::with(Contract::new(io), protocol, timer, limits);
        let (handle, incoming) = layer.split();
        let answer =
            move |body: String| async move { Ok::<_, Infallible>(format!("{end} {body}")) };
        steps.spawn(end, async move {
            serve(incoming, 4, answer).await;
        });
        handle
    });
    steps.spawn("callers", async move {
        let [left, right] = &ends;
        for (caller, answerer) in [(left, "right"), (right, "left")] {
            let calls = (0..50).map(|n: u64| caller.send_await::<String>(&*n.to_string()));
            for (n, reply) in join_all(calls).await.into_iter().enumerate() {
                assert_eq!(reply, Ok(format!("{answerer} {n}")));
            }
        }
        left.close().await;
        right.closed().await;
    });
    steps.run(20_000).expect("all is answered");
}

#[test]
fn a_second_request_under_a_live_id_is_refused_and_the_first_unharmed() {
    let (stage, mut incoming) = stage();
    stage.remote.feed("q5 first".to_owned());
    stage.remote.feed("q5 second".to_owned());
    let request = next_request(&mut incoming).expect("the first");
    assert_eq!(request.frame, "first");
    assert!(next_request(&mut incoming).is_none());
    assert_eq!(
        stage.remote.take_written(),
        [refusal(5, Refusal::Duplicate)]
    );
    assert_eq!(
        Task::new(request.responder.reply("one")).run(),
        Some(Ok(()))
    );
    assert_eq!(stage.remote.take_written(), ["r5 one"]);
}

#[test]
fn an_id_of_the_peers_is_echoed_as_it_came() {
    let (io, remote) = script::scripted::<String, Broken>();
    let (timer, limits) = (ManualTimer::new(), Limits::default());
    let layer = AwaitLayer::with(Contract::new(io), WsAwait::new(), timer, limits);
    let (_handle, mut incoming) = layer.split();
    for id in ["7", "\"7\"", "7.0", "9007199254740993", "\"\\u0061\""] {
        remote.feed(format!("{{\"awaitId\":{id},\"n\":1}}"));
        let Some(Some(Event::Request(request))) = Task::new(incoming.next()).run() else {
            panic!("{id} is an id");
        };
        let reply = serde_json::json!({ "n": 2 });
        assert!(matches!(
            Task::new(request.responder.reply(&reply)).run(),
            Some(Ok(()))
        ));
        let expected = format!("{{\"awaitId\":{id},\"n\":2}}");
        assert_eq!(remote.take_written(), [expected]);
    }
    for id in ["\"\"", "null"] {
        let frame = format!("{{\"awaitId\":{id}}}");
        remote.feed(frame.clone());
        let event = Task::new(incoming.next()).run().flatten();
        assert!(matches!(event, Some(Event::Message(plain)) if plain == frame));
    }
}

#[test]
fn whether_a_cancelled_request_is_answered_is_the_protocols_choice() {
    for answers_cancelled in [true, false] {
        let (io, remote) = script::scripted();
        let protocol = Letters {
            ids: SlotIds::<u64>::new(),
            answers_cancelled,
        };
        let (stage, layer) = play(io, remote, protocol, Limits::default());
        let (_, mut incoming) = layer.split();
        stage.remote.feed("q5 work".to_owned());
        let request = next_request(&mut incoming).expect("a request");
        stage.remote.feed("c5".to_owned());
        assert!(next_request(&mut incoming).is_none());
        assert!(request.responder.is_cancelled());
        let replied = Task::new(request.responder.reply("late")).run();
        let withdrawn = Err(SendError::Withdrawn {
            frame: Some("late".to_owned()),
        });
        let told = if answers_cancelled { Ok(()) } else { withdrawn };
        assert_eq!(replied, Some(told));
        let written = stage.remote.take_written();
        assert_eq!(written == ["r5 late"], answers_cancelled, "{written:?}");
        assert_eq!(written.is_empty(), !answers_cancelled);

        // A responder that is dropped says no more than one that replies.
        stage.remote.feed("q6 work".to_owned());
        let request = next_request(&mut incoming).expect("a request");
        stage.remote.feed("c6".to_owned());
        assert!(next_request(&mut incoming).is_none());
        drop(request);
        assert!(Task::new(stage.handle.driver()).run().is_none());
        let written = stage.remote.take_written();
        assert_eq!(
            written == ["e6 Cancelled"],
            answers_cancelled,
            "{written:?}"
        );
        assert_eq!(written.is_empty(), !answers_cancelled);
        let stats = stage.handle.stats();
        let dropped = u64::from(!answers_cancelled);
        assert_eq!((stats.answers_dropped, stats.unanswered), (dropped, 1));
    }
}

#[test]
fn a_flood_from_the_peer_is_held_within_the_limits() {
    let (stage, mut incoming) = stage_with(Limits {
        max_requests: 4,
        max_refusals: 2,
        max_inbound: 3,
        ..Limits::default()
    });
    stage.remote.pend(Op::Ready);
    // A call is pending, so that reading does not stop.
    let mut call = stage.ask("pending");
    assert!(call.run().is_none());
    for n in 0..1000 {
        stage.remote.feed(format!("q{n} flood"));
        stage.remote.feed(format!("c{n}"));
        stage.remote.feed("notice".to_owned());
    }
    assert!(call.run().is_none());
    assert_eq!(stage.remote.unread(), 0);
    let (mut requests, mut messages, mut lagged) = (Vec::new(), 0, 0);
    while let Some(Some(event)) = Task::new(incoming.next()).run() {
        match event {
            // A cancelled one still has its handler, and counts.
            Event::Request(request) => requests.push(request),
            Event::Message(_) => messages += 1,
            Event::Lagged(n) => lagged += n,
            event => panic!("{event:?}"),
        }
    }
    assert_eq!((requests.len(), messages, lagged), (4, 3, 997));
    assert_eq!(stage.handle.stats().refused, 996);
    stage.remote.resume(Op::Ready);
    assert!(Task::new(incoming.next()).run().is_none());
    let written = stage.remote.take_written();
    let refusals = written.iter().filter(|frame| frame.ends_with("Busy"));
    assert_eq!(refusals.count(), 2);
}

#[test]
fn a_layer_that_nobody_splits_refuses_requests_and_passes_messages() {
    let (stage, mut layer) = layer(SlotIds::<u64>::new(), Limits::default());
    stage.remote.feed("q5 anybody?".to_owned());
    stage.remote.feed("notice".to_owned());
    let item = Task::new(layer.next()).run();
    assert_eq!(item, Some(Some(Ok("notice".to_owned()))));
    assert!(Task::new(layer.next()).run().is_none());
    assert_eq!(stage.remote.take_written(), ["e5 Busy"]);
}

#[test]
fn a_flush_that_fails_after_a_write_does_not_say_that_nothing_was_sent() {
    let (stage, mut layer) = layer(SlotIds::<u64>::new(), Limits::default());
    stage.remote.allow(1);
    let cx = &mut Context::from_waker(Waker::noop());
    for frame in ["first", "second"] {
        assert!(Pin::new(&mut layer).poll_ready(cx).is_ready());
        let begun = Pin::new(&mut layer).start_send(frame.to_owned());
        assert!(begun.is_ok());
    }
    assert!(Pin::new(&mut layer).poll_flush(cx).is_pending());
    assert_eq!(stage.remote.calls(Op::Send), 1);
    stage.remote.fail(Op::Ready, Broken);
    let Poll::Ready(Err(error)) = Pin::new(&mut layer).poll_flush(cx) else {
        panic!("it fails");
    };
    assert_ne!(error.sent(), Sent::No);
}

#[test]
fn nobody_goes_with_a_flush_put_off_when_no_other_waits() {
    let (stage, _incoming) = stage_with(Limits {
        frames_per_turn: 4,
        ..Limits::default()
    });
    let mut call = stage.ask("well?");
    assert!(call.run().is_none());
    let request = requests(&stage.remote, &["well?"]).remove(0);
    stage.remote.feed(reply_to(&request, "yes"));
    for n in 0..6 {
        stage.handle.try_send(&*n.to_string()).expect("room");
    }
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
    // Two are left for whoever comes next, as nobody drives; four are out.
    assert_eq!(stage.remote.take_written().len(), 4);
    assert_eq!(stage.remote.unflushed(), 0);
}

#[test]
fn a_burst_of_two_turns_takes_two_turns() {
    let (stage, _incoming) = stage_with(Limits {
        frames_per_turn: 32,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    for n in 0..60 {
        stage.handle.try_send(&*n.to_string()).expect("room");
    }
    assert!(driver.poll().is_pending());
    assert_eq!(driver.waker.wakes(), 1, "the flush was put off");
    assert!(driver.poll().is_pending());
    assert_eq!(stage.remote.take_written().len(), 60);
    assert_eq!(driver.waker.wakes(), 0, "nothing is left to do");
}

/// A driver that has written four of six messages and left the flush to its next
/// turn.
fn put_off() -> (Stage, Incoming<Joint>, Task<Driver<Joint>>) {
    let (stage, incoming) = stage_with(Limits {
        frames_per_turn: 4,
        unmatched_budget: 1,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    for n in 0..6 {
        stage.handle.try_send(&*n.to_string()).expect("room");
    }
    assert!(driver.poll().is_pending());
    (stage, incoming, driver)
}

#[test]
fn a_flush_put_off_is_tried_though_the_peer_has_ended_meanwhile() {
    let (stage, _incoming, mut driver) = put_off();
    stage.remote.end();
    let reason = driver.run().expect("it ends");
    assert_eq!(reason.cause(), Cause::Eof);
    assert_eq!(stage.remote.take_written().len(), 4);
}

#[test]
fn after_a_flush_that_was_put_off_and_failed_nothing_is_asked_of_the_transport() {
    let (stage, _incoming, mut driver) = put_off();
    (0..2).for_each(|_| stage.remote.feed("r99 what?".to_owned()));
    stage.remote.fail(Op::Flush, Broken);
    let reason = driver.run().expect("it ends");
    assert_eq!(reason.cause(), Cause::Unmatched);
    assert_eq!(stage.remote.calls(Op::Flush), 1);
    assert_eq!(stage.remote.calls(Op::Close), 0);
    assert!(stage.remote.is_dropped());
}
