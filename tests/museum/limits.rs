//! Limits hold at their edges, and what they count is given back.

use std::sync::Arc;
use std::time::Duration;

use await_layer::{
    AwaitLayer, Cause, Event, Incoming, Limits, ManualTimer, Overflow, Refusal, Refused, Responder,
    SendError, SlotIds, WsAwait,
};
use await_layer_testkit::script::{self, Op};
use futures::StreamExt;

use crate::notes::{Cargo, Note, note_stage};
use crate::stage::{
    Asked, Broken, Joint, Stage, Task, layer, part_of, refusal, reply_to, requests, stage_with,
};

/// What comes without waiting.
fn next(incoming: &mut Incoming<Joint>) -> Option<Event<Joint>> {
    Task::new(incoming.next()).run().flatten()
}

fn next_request(incoming: &mut Incoming<Joint>) -> Responder<Joint> {
    match next(incoming) {
        Some(Event::Request(request)) => request.responder,
        event => panic!("{event:?}"),
    }
}

fn big_request(id: u32) -> String {
    format!("q{id} {}", "x".repeat(400))
}

/// Three messages wait, of which two fit, and nobody reads on.
fn full(overflow: Overflow) -> (Stage, Incoming<Joint>) {
    let (stage, incoming) = stage_with(Limits {
        max_inbound: 2,
        overflow,
        ..Limits::default()
    });
    for notice in ["one", "two", "three"] {
        stage.remote.feed(notice.to_owned());
    }
    assert!(Task::new(stage.handle.driver()).run().is_none());
    assert_eq!(stage.remote.unread(), 1);
    (stage, incoming)
}

#[test]
fn messages_that_went_with_their_stream_do_not_stop_replies() {
    let (stage, incoming) = full(Overflow::Backpressure);
    drop(incoming);
    let mut call = stage.ask("hello");
    assert!(call.run().is_none());
    let request = requests(&stage.remote, &["hello"]).remove(0);
    stage.remote.feed(reply_to(&request, "yes"));
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
}

#[test]
fn messages_that_went_with_their_stream_do_not_hide_the_end() {
    let (stage, incoming) = full(Overflow::Lag);
    drop(incoming);
    stage.remote.end();
    let reason = Task::new(stage.handle.driver()).run().expect("it ends");
    assert_eq!(reason.cause(), Cause::Eof);
}

#[test]
fn a_request_beyond_the_bytes_is_refused_until_others_are_answered() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound_bytes: 300,
        ..Limits::default()
    });
    stage.remote.feed(big_request(1));
    stage.remote.feed(big_request(2));
    let responder = next_request(&mut incoming);
    assert!(next(&mut incoming).is_none());
    assert_eq!(stage.remote.take_written(), [refusal(2, Refusal::Busy)]);
    assert_eq!(Task::new(responder.reply("done")).run(), Some(Ok(())));
    assert_eq!(stage.remote.take_written(), ["r1 done"]);
    stage.remote.feed(big_request(3));
    drop(next_request(&mut incoming));
}

/// On the wire of ws-await a refusal is silence. What is not going to be said
/// must not wait, with an id as long as the peer likes, for a peer that does not
/// read.
#[test]
fn a_refusal_that_the_wire_does_not_have_does_not_wait() {
    let (io, remote) = script::scripted::<String, Broken>();
    let limits = Limits {
        max_refusals: 2,
        ..Limits::default()
    };
    let layer = AwaitLayer::with(io, WsAwait::new(), ManualTimer::new(), limits);
    let (handle, incoming) = layer.split();
    remote.pend(Op::Ready);
    for _ in 0..10 {
        remote.feed(r#"{"awaitId":"again and again"}"#.to_owned());
    }
    assert!(Task::new(handle.driver()).run().is_none());
    let stats = handle.stats();
    assert_eq!((stats.requests, stats.refused), (1, 9));
    assert_eq!(stats.refusals_dropped, 0);
    drop(incoming);
}

#[test]
fn a_request_that_fills_the_bytes_can_still_be_cancelled() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound_bytes: 300,
        ..Limits::default()
    });
    stage.remote.feed(big_request(1));
    stage.remote.feed("c1".to_owned());
    let mut responder = next_request(&mut incoming);
    assert_eq!(Task::new(responder.cancelled()).run(), Some(()));
}

#[test]
fn backpressure_by_bytes_loses_no_message() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound_bytes: 1000,
        overflow: Overflow::Backpressure,
        ..Limits::default()
    });
    let messages = ["A", "B", "C", "D"].map(|letter| letter.repeat(400));
    for message in &messages {
        stage.remote.feed(message.clone());
    }
    for message in messages {
        let event = next(&mut incoming);
        assert!(
            matches!(&event, Some(Event::Message(frame)) if *frame == message),
            "{event:?}"
        );
    }
    assert!(next(&mut incoming).is_none());
}

#[test]
fn no_room_for_messages_does_not_stop_requests() {
    let (stage, mut incoming) = stage_with(Limits {
        max_inbound: 0,
        ..Limits::default()
    });
    stage.remote.feed("q1 hello".to_owned());
    drop(next_request(&mut incoming));
}

#[test]
fn no_room_for_retired_ids_does_not_stop_calls_with_wide_ones() {
    let (stage, _incoming) = stage_with(Limits {
        max_retired: 0,
        ..Limits::default()
    });
    assert!(stage.ask("hello").run().is_none());
    requests(&stage.remote, &["hello"]);
}

#[test]
fn no_calls_in_flight_still_lets_one_through() {
    let (stage, _incoming) = stage_with(Limits {
        max_in_flight: 0,
        ..Limits::default()
    });
    assert!(stage.ask("hello").run().is_none());
    requests(&stage.remote, &["hello"]);
}

#[test]
fn no_time_to_close_is_enough_for_an_idle_connection() {
    let (stage, _incoming) = stage_with(Limits {
        close_timeout: Duration::ZERO,
        ..Limits::default()
    });
    let reason = Task::new(stage.handle.close()).run().expect("at once");
    assert_eq!(reason.cause(), Cause::Local);
}

type Narrow = SlotIds<u16>;

/// More calls than there are slots, all waiting.
fn crowd(stage: &Stage<Narrow>) -> Vec<Task<Asked<Narrow>>> {
    let mut calls: Vec<_> = (0..5000).map(|_| stage.ask("hello")).collect();
    for call in &mut calls {
        assert!(call.poll().is_pending());
    }
    calls
}

fn answer_all(stage: &Stage<Narrow>) {
    for frame in stage.remote.take_written() {
        if frame.starts_with('q') {
            stage.remote.feed(reply_to(&frame, "yes"));
        }
    }
}

#[test]
fn more_calls_wait_than_narrow_ids_have_slots_and_all_succeed() {
    let (stage, _layer) = layer(Narrow::new(), Limits::default());
    let mut calls = crowd(&stage);
    for _ in 0..1000 {
        answer_all(&stage);
        calls.retain_mut(|call| match call.run() {
            None => true,
            Some(outcome) => {
                assert_eq!(outcome, Ok("yes".to_owned()));
                false
            }
        });
    }
    assert_eq!(calls.len(), 0, "still waiting");
}

#[test]
fn waiting_calls_that_were_dropped_use_up_no_narrow_ids() {
    let (stage, _layer) = layer(Narrow::new(), Limits::default());
    stage.remote.pend(Op::Ready);
    drop(crowd(&stage));
    stage.remote.resume(Op::Ready);
    for _ in 0..5000 {
        let mut call = stage.ask("hello");
        assert!(call.run().is_none());
        answer_all(&stage);
        assert_eq!(call.run(), Some(Ok("yes".to_owned())));
    }
}

#[test]
fn parts_of_an_answer_that_nobody_waits_for_do_not_pile_up() {
    let mut stage = note_stage(SlotIds::<u64>::new(), Limits::default());
    stage.remote.pend(Op::Ready);
    stage.remote.feed(Note::new("q1 list"));
    let event = Task::new(stage.incoming.next()).run();
    let Some(Some(Event::Request(mut request))) = event else {
        panic!("{event:?}");
    };
    let cargo = Cargo::new(|| ());
    for _ in 0..10_000 {
        let part = Note::with("part", &cargo);
        let mut sending = Task::new(request.responder.reply_part(&part));
        // Polled and forgotten.
        drop(sending.run());
    }
    let held = Arc::strong_count(&cargo) - 1;
    assert!(held <= 2 * Limits::default().max_outbound, "{held}");
}

#[test]
fn a_cancelled_stream_holds_no_parts_while_its_id_is_retired() {
    let stage = note_stage(Narrow::new(), Limits::default());
    let mut stream = stage.handle.send_stream::<Note>(&Note::new("list"));
    assert!(Task::new(stream.next()).run().is_none());
    let request = stage.remote.take_written().remove(0).text;
    let cargo = Cargo::new(|| ());
    for _ in 0..10 {
        let part = Note::with(part_of(&request, "part"), &cargo);
        stage.remote.feed(part);
    }
    assert!(Task::new(stream.next()).run().is_some());
    assert!(Arc::strong_count(&cargo) > 1, "parts wait");
    drop(stream);
    assert!(Task::new(stage.handle.driver()).run().is_none());
    let written = stage.remote.take_written();
    assert!(written.iter().any(|note| note.text.starts_with('c')));
    assert_eq!(Arc::strong_count(&cargo), 1);
}

/// Requests, cancels, messages and stray parts, many of one kind or another.
fn storm(from: usize, cargo: &Arc<Cargo>) -> impl Iterator<Item = Note> {
    (from..from + 600).map(move |n| {
        let id = n / 2;
        let text = match n % 6 {
            0 | 3 => format!("q{id} work"),
            1 => format!("c{id}"),
            2 => "notice".to_owned(),
            4 => format!("p{id} part"),
            _ => format!("z{id}"),
        };
        Note::with(text, cargo)
    })
}

#[test]
fn a_storm_from_a_peer_that_does_not_read_is_held_within_bounds() {
    for taken in [false, true] {
        let limits = Limits {
            unmatched_budget: usize::MAX,
            ..Limits::default()
        };
        let mut stage = note_stage(SlotIds::<u64>::new(), limits);
        stage.remote.pend(Op::Ready);
        stage.remote.pend(Op::Flush);
        let cargo = Cargo::new(|| ());
        // While a call is pending, reading goes on.
        let call = stage.handle.send_await::<Note>(&Note::new("hello"));
        let mut call = Task::new(call);
        for round in 0..100 {
            for note in storm(600 * round, &cargo) {
                stage.remote.feed(note);
            }
            assert!(call.run().is_none());
            if taken {
                // Each is dropped at once, and refused.
                while let Some(event) = Task::new(stage.incoming.next()).run() {
                    assert!(event.is_some(), "it has ended");
                }
                assert!(call.run().is_none());
            }
            let held = Arc::strong_count(&cargo) - 1;
            assert!(held < 2_000, "{held} after {round}, taken: {taken}");
        }
        assert_eq!(stage.remote.unread(), 0);
        assert_eq!(stage.handle.stats().read, 60_000);
    }
}

#[test]
fn a_message_beyond_the_queue_comes_back_and_there_is_room_again_once_it_is_written() {
    let (stage, _incoming) = stage_with(Limits {
        max_outbound: 2,
        ..Limits::default()
    });
    for message in ["one", "two"] {
        assert_eq!(stage.handle.try_send(message), Ok(()));
    }
    let overloaded = SendError::Refused {
        why: Refused::Overloaded,
        frame: Some("three".to_owned()),
    };
    assert_eq!(stage.handle.try_send("three"), Err(overloaded));
    assert!(Task::new(stage.handle.driver()).run().is_none());
    assert_eq!(stage.handle.try_send("three"), Ok(()));
}

/// A thousand requests where one may come in.
fn thousand(max_refusals: usize) -> (Stage, Incoming<Joint>) {
    let (stage, incoming) = stage_with(Limits {
        max_requests: 1,
        max_refusals,
        ..Limits::default()
    });
    for id in 0..1000 {
        stage.remote.feed(format!("q{id} me too"));
    }
    (stage, incoming)
}

#[test]
fn every_refusal_reaches_a_peer_that_reads() {
    for max_refusals in [1, 64] {
        let (stage, _incoming) = thousand(max_refusals);
        assert!(Task::new(stage.handle.driver()).run().is_none());
        assert_eq!(stage.remote.take_written().len(), 999);
        assert_eq!(stage.handle.stats().refusals_dropped, 0);
    }
}

#[test]
fn refusals_that_cannot_leave_do_not_stop_the_reading() {
    for max_refusals in [0, 1] {
        let (stage, _incoming) = thousand(max_refusals);
        stage.remote.pend(Op::Ready);
        assert!(Task::new(stage.handle.driver()).run().is_none());
        assert_eq!(stage.remote.unread(), 0);
        let dropped = stage.handle.stats().refusals_dropped;
        assert_eq!(dropped, 999 - max_refusals as u64);
    }
}
