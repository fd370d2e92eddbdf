//! Replies in parts: whole, with a clear end, and bounded.

use std::time::Duration;

use await_layer::{CallError, Event, Limits, Replies, Sent};
use futures::StreamExt;

use crate::stage::{Joint, Stage, Task, end_of, part_of, reply_to, requests, stage, stage_with};

type Stream = Replies<Joint, String>;

/// A stream that was asked for, and the request as it was written.
fn asked(stage: &Stage) -> (Stream, String) {
    let mut stream = stage.handle.send_stream::<String>("list");
    assert!(next(&mut stream).is_none());
    let request = requests(&stage.remote, &["list"]).remove(0);
    (stream, request)
}

/// What the stream yields without waiting; the outer `None` is that it waits.
fn next(stream: &mut Stream) -> Option<Option<Result<String, CallError<String, String>>>> {
    Task::new(stream.next()).run()
}

fn part(body: &str) -> Option<Option<Result<String, CallError<String, String>>>> {
    Some(Some(Ok(body.to_owned())))
}

#[test]
fn parts_come_in_order_and_the_end_mark_is_the_end() {
    let (stage, _incoming) = stage();
    let (mut stream, request) = asked(&stage);
    stage.remote.feed(part_of(&request, "a"));
    stage.remote.feed(part_of(&request, "b"));
    assert_eq!(next(&mut stream), part("a"));
    assert_eq!(next(&mut stream), part("b"));
    assert_eq!(next(&mut stream), None);
    stage.remote.feed(end_of(&request));
    assert_eq!(next(&mut stream), Some(None));
    assert_eq!(next(&mut stream), Some(None), "and stays it");
    assert_eq!(stage.handle.in_flight(), 0);
}

#[test]
fn the_last_reply_is_a_part_and_the_end_in_one() {
    let (stage, _incoming) = stage();
    let (mut stream, request) = asked(&stage);
    stage.remote.feed(part_of(&request, "a"));
    stage.remote.feed(reply_to(&request, "last"));
    assert_eq!(next(&mut stream), part("a"));
    assert_eq!(next(&mut stream), part("last"));
    assert_eq!(next(&mut stream), Some(None));
}

#[test]
fn a_part_that_does_not_unpack_fails_alone() {
    let (stage, _incoming) = stage();
    let (mut stream, request) = asked(&stage);
    stage.remote.feed(part_of(&request, "garbled"));
    stage.remote.feed(part_of(&request, "good"));
    assert!(matches!(
        next(&mut stream),
        Some(Some(Err(CallError::Unpack(_))))
    ));
    assert_eq!(next(&mut stream), part("good"));
}

/// One turn reads more parts than the consumer takes between two turns: the
/// default bound must not be below what a turn may bring.
#[test]
fn a_consumer_that_keeps_up_loses_nothing_at_the_default_limits() {
    let (stage, _incoming) = stage_with(Limits::default());
    let (mut stream, request) = asked(&stage);
    for number in 0..500 {
        stage.remote.feed(part_of(&request, &number.to_string()));
    }
    stage.remote.feed(end_of(&request));
    for number in 0..500 {
        assert_eq!(next(&mut stream), part(&number.to_string()));
    }
    assert_eq!(next(&mut stream), Some(None));
}

#[test]
fn parts_that_nobody_takes_end_the_stream_and_cancel_it() {
    let limits = Limits {
        max_parts: 2,
        ..Limits::default()
    };
    let (stage, _incoming) = stage_with(limits);
    let (mut stream, request) = asked(&stage);
    let mut other = stage.ask("other");
    assert!(other.run().is_none());
    let other_request = requests(&stage.remote, &["other"]).remove(0);
    for body in ["a", "b", "c", "d"] {
        stage.remote.feed(part_of(&request, body));
    }
    stage.remote.feed(reply_to(&other_request, "yes"));
    assert_eq!(
        other.run(),
        Some(Ok("yes".to_owned())),
        "nobody else suffers"
    );
    assert_eq!(next(&mut stream), part("a"));
    assert_eq!(next(&mut stream), part("b"));
    assert_eq!(next(&mut stream), Some(Some(Err(CallError::Overrun))));
    assert_eq!(next(&mut stream), Some(None));
    let mut flush = stage.ask("flush");
    assert!(flush.run().is_none());
    let written = stage.remote.take_written();
    assert!(
        written.iter().any(|frame| frame.starts_with('c')),
        "{written:?}"
    );
    assert_eq!(stage.handle.stats().late_parts, 1);
}

#[test]
fn a_dropped_stream_is_cancelled_and_its_late_parts_reach_nobody() {
    let (stage, mut incoming) = stage();
    let (stream, request) = asked(&stage);
    drop(stream);
    let mut event = Task::new(incoming.next());
    assert!(event.run().is_none());
    let cancel = format!("c{}", request[1..].split_once(' ').unwrap().0);
    assert_eq!(stage.remote.take_written(), [cancel]);
    stage.remote.feed(part_of(&request, "late"));
    stage.remote.feed(end_of(&request));
    stage.remote.feed("plain".to_owned());
    let seen = event.run();
    assert!(matches!(seen, Some(Some(Event::Message(frame))) if frame == "plain"));
    let stats = stage.handle.stats();
    assert_eq!(
        (
            stats.late + stats.late_parts + stats.unknown,
            stats.cancelled
        ),
        (2, 1)
    );
}

#[test]
fn each_gap_has_the_whole_timeout() {
    let (stage, _incoming) = stage();
    let timeout = Duration::from_secs(1);
    let mut stream = stage.handle.send_stream::<String>("list").timeout(timeout);
    assert!(next(&mut stream).is_none());
    let request = requests(&stage.remote, &["list"]).remove(0);
    for body in ["a", "b", "c"] {
        stage.timer.advance(Duration::from_millis(900));
        assert!(next(&mut stream).is_none());
        stage.remote.feed(part_of(&request, body));
        assert_eq!(next(&mut stream), part(body));
    }
    stage.timer.advance(Duration::from_millis(999));
    assert!(next(&mut stream).is_none());
    stage.timer.advance(Duration::from_millis(1));
    let Some(Some(Err(CallError::Timeout { sent, .. }))) = next(&mut stream) else {
        panic!("the gap was too long");
    };
    assert_eq!(sent, Sent::Yes);
    assert_eq!(next(&mut stream), Some(None));
}

#[test]
fn the_end_of_the_connection_comes_behind_the_parts_that_came_before_it() {
    let (stage, _incoming) = stage();
    let (mut stream, request) = asked(&stage);
    stage.remote.feed(part_of(&request, "a"));
    stage.remote.end();
    assert_eq!(next(&mut stream), part("a"));
    assert!(matches!(
        next(&mut stream),
        Some(Some(Err(CallError::Closed { .. })))
    ));
    assert_eq!(next(&mut stream), Some(None));
}

#[test]
fn a_call_for_one_reply_says_so_when_it_gets_a_stream() {
    let (stage, _incoming) = stage();
    let mut call = stage.ask("one");
    assert!(call.run().is_none());
    let request = requests(&stage.remote, &["one"]).remove(0);
    stage.remote.feed(part_of(&request, "a"));
    assert_eq!(call.run(), Some(Err(CallError::Streamed)));
    let mut call = stage.ask("none");
    assert!(call.run().is_none());
    let written = stage.remote.take_written();
    let request = written.iter().find(|frame| frame.starts_with('q'));
    stage.remote.feed(end_of(request.expect("asked")));
    assert_eq!(call.run(), Some(Err(CallError::Ended)));
}

#[test]
fn an_answer_in_parts_goes_out_in_parts() {
    let (stage, mut incoming) = stage();
    stage.remote.feed("q7 list".to_owned());
    let Some(Some(Event::Request(mut request))) = Task::new(incoming.next()).run() else {
        panic!("a request");
    };
    for body in ["a", "b"] {
        let sent = Task::new(request.responder.reply_part(body)).run();
        assert_eq!(sent, Some(Ok(())));
    }
    assert_eq!(Task::new(request.responder.end()).run(), Some(Ok(())));
    assert_eq!(stage.remote.take_written(), ["p7 a", "p7 b", "z7"]);
}

#[test]
fn an_answer_may_be_a_frame_of_the_handlers_own() {
    let (stage, mut incoming) = stage();
    stage.remote.feed("q7 list".to_owned());
    let Some(Some(Event::Request(request))) = Task::new(incoming.next()).run() else {
        panic!("a request");
    };
    let sending = request.responder.reply_frame("made by hand".to_owned());
    assert_eq!(Task::new(sending).run(), Some(Ok(())));
    assert_eq!(stage.remote.take_written(), ["r7 made by hand"]);
}

/// What was under way when the stream was dropped is no flood of strays,
/// however much it is.
#[test]
fn the_parts_that_a_dropped_stream_left_under_way_do_not_end_the_connection() {
    let (stage, _incoming) = stage_with(Limits {
        unmatched_budget: 3,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    let mut stream = Box::pin(stage.handle.send_stream::<String>("count"));
    assert!(Task::new(stream.next()).run().is_none());
    assert!(driver.run().is_none());
    let request = requests(&stage.remote, &["count"]).remove(0);
    drop(stream);
    assert!(driver.run().is_none());
    assert_eq!(stage.remote.take_written().len(), 1, "the cancel");
    for _ in 0..100 {
        stage.remote.feed(part_of(&request, "late"));
    }
    stage.remote.feed(end_of(&request));
    assert!(driver.run().is_none(), "it lives");
}
