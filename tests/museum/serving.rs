//! `serve` answers what it can, refuses the rest, and outlives its handlers'
//! faults.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::panic::panic_any;
use std::rc::Rc;

use await_layer::{Cause, Limits, serve};
use futures::channel::oneshot;

use crate::stage::{Task, reply_to, stage, stage_with};

#[test]
fn a_fault_in_one_request_refuses_that_request_alone() {
    let (stage, incoming) = stage();
    let mut serving = Task::new(serve(incoming, 8, async |body: String| {
        match body.as_str() {
            "fail" => Err("no"),
            "panic" => panic!("the handler cannot"),
            "unsealable" | "unpackable" => Ok(body),
            _ => Ok(format!("{body}, indeed")),
        }
    }));
    let asked = [
        "good",
        "fail",
        "panic",
        "unsealable",
        "unpackable",
        "garbled",
        "poisoned body",
        "fine",
    ];
    for (id, body) in asked.iter().enumerate() {
        stage.remote.feed(format!("q{id} {body}"));
    }
    assert!(serving.run().is_none(), "it goes on");
    let mut written = stage.remote.take_written();
    written.sort();
    let refused = (1..=6).map(|id| format!("e{id} Dropped"));
    let mut expected: Vec<_> = refused.collect();
    expected.extend(["r0 good, indeed".to_owned(), "r7 fine, indeed".to_owned()]);
    assert_eq!(written, expected);
}

#[test]
fn a_handler_that_panics_before_it_has_a_future_is_refused_too() {
    let (stage, incoming) = stage();
    let handler = |body: String| {
        assert_ne!(body, "panic", "at once");
        async move { Ok::<_, ()>(body) }
    };
    let mut serving = Task::new(serve(incoming, 8, handler));
    stage.remote.feed("q1 panic".to_owned());
    stage.remote.feed("q2 fine".to_owned());
    assert!(serving.run().is_none());
    let mut written = stage.remote.take_written();
    written.sort();
    assert_eq!(written, ["e1 Dropped", "r2 fine"]);
}

#[test]
fn no_more_handlers_run_than_allowed_and_a_cancel_frees_no_place() {
    let limits = Limits {
        max_requests: 4,
        ..Limits::default()
    };
    let (stage, incoming) = stage_with(limits);
    let gates = Rc::new(RefCell::new(Vec::new()));
    let running = Rc::new(Cell::new(0));
    let mut serving = Task::new(serve(incoming, 2, |body: String| {
        let (open, gate) = oneshot::channel::<()>();
        gates.borrow_mut().push(open);
        running.set(running.get() + 1);
        let running = running.clone();
        async move {
            let _ = gate.await;
            running.set(running.get() - 1);
            Ok::<_, ()>(body)
        }
    }));
    for id in 1..=6 {
        stage.remote.feed(format!("q{id} work"));
        stage.remote.feed(format!("c{id}"));
    }
    assert!(serving.run().is_none());
    assert_eq!(running.get(), 2);
    let refused = stage.remote.take_written();
    assert_eq!(refused, ["e5 Busy", "e6 Busy"], "two run, two wait");
    while running.get() > 0 {
        for open in std::mem::take(&mut *gates.borrow_mut()) {
            open.send(()).unwrap();
        }
        assert!(serving.run().is_none());
        assert!(running.get() <= 2);
    }
    let mut answered = stage.remote.take_written();
    answered.sort();
    assert_eq!(answered, ["r1 work", "r2 work", "r3 work", "r4 work"]);
}

#[test]
fn handlers_that_all_ask_back_get_their_replies() {
    let (stage, incoming) = stage();
    let handle = stage.handle.clone();
    let mut serving = Task::new(serve(incoming, 2, |body: String| {
        // A call is a future: it can be the whole handler.
        handle.send_await::<String>(&*body)
    }));
    for id in 1..=4 {
        stage.remote.feed(format!("q{id} n{id}"));
    }
    assert!(serving.run().is_none());
    let mut answers = Vec::new();
    for _ in 0..2 {
        for frame in stage.remote.take_written() {
            if frame.starts_with('q') {
                stage.remote.feed(reply_to(&frame, "back"));
            } else {
                answers.push(frame);
            }
        }
        assert!(serving.run().is_none());
    }
    answers.extend(stage.remote.take_written());
    answers.sort();
    assert_eq!(answers, ["r1 back", "r2 back", "r3 back", "r4 back"]);
}

#[test]
fn dropping_it_refuses_what_is_under_way_and_what_waits() {
    let (stage, incoming) = stage();
    let mut serving = Task::new(serve(incoming, 1, |_: String| async {
        pending::<()>().await;
        Ok::<String, ()>(String::new())
    }));
    stage.remote.feed("q1 running".to_owned());
    stage.remote.feed("q2 waiting".to_owned());
    assert!(serving.run().is_none());
    drop(serving);
    let mut flush = stage.ask("flush");
    assert!(flush.run().is_none());
    let mut written = stage.remote.take_written();
    written.retain(|frame| !frame.starts_with('q'));
    written.sort();
    assert_eq!(written, ["e1 Dropped", "e2 Dropped"]);
}

#[test]
fn it_ends_with_the_connection_and_says_why() {
    let (stage, incoming) = stage();
    let mut serving = Task::new(serve(incoming, 1, async |body: String| Ok::<_, ()>(body)));
    assert!(serving.run().is_none());
    stage.remote.end();
    assert_eq!(serving.run().map(|reason| reason.cause()), Some(Cause::Eof));
}

#[test]
fn it_ends_with_the_connection_though_every_handler_waits() {
    let (stage, incoming) = stage();
    let mut serving = Task::new(serve(incoming, 1, async |body: String| {
        pending::<()>().await;
        Ok::<_, ()>(body)
    }));
    stage.remote.feed("q1 hello".to_owned());
    assert!(serving.run().is_none());
    stage.remote.end();
    assert_eq!(serving.run().map(|reason| reason.cause()), Some(Cause::Eof));
}

#[test]
fn no_handler_starts_for_a_connection_that_is_gone() {
    let (stage, incoming) = stage();
    for id in 1..=4 {
        stage.remote.feed(format!("q{id} work"));
    }
    stage.remote.end();
    let started = Cell::new(0);
    let mut serving = Task::new(serve(incoming, 2, async |body: String| {
        started.set(started.get() + 1);
        Ok::<_, ()>(body)
    }));
    assert!(serving.run().is_some());
    assert_eq!(started.get(), 0);
}

#[test]
fn one_poll_ends_under_a_flood_of_messages() {
    let (stage, incoming) = stage();
    for _ in 0..10_000 {
        stage.remote.feed("notice".to_owned());
    }
    let mut serving = Task::new(serve(incoming, 4, async |body: String| Ok::<_, ()>(body)));
    assert!(serving.poll().is_pending());
    assert!(
        stage.remote.unread() > 5_000,
        "it took its turn, and no more"
    );
    assert!(serving.run().is_none());
    assert_eq!(stage.remote.unread(), 0, "and it is woken for the rest");
}

#[test]
fn messages_that_nobody_takes_do_not_hide_the_end_nor_requests() {
    let (stage, incoming) = stage_with(Limits {
        max_inbound: 3,
        ..Limits::default()
    });
    let mut serving = Task::new(serve(incoming, 1, async |_: String| {
        pending::<()>().await;
        Ok::<_, ()>(String::new())
    }));
    stage.remote.feed("q1 slow".to_owned());
    assert!(serving.run().is_none());
    for _ in 0..10 {
        stage.remote.feed("notice".to_owned());
    }
    stage.remote.feed("q2 as slow".to_owned());
    assert!(serving.run().is_none());
    let stats = stage.handle.stats();
    assert_eq!((stats.requests, stats.dropped), (2, 10));
    stage.remote.end();
    let reason = serving.run().expect("the end is seen");
    assert_eq!(reason.cause(), Cause::Eof);
}

#[test]
fn a_panic_that_panics_again_when_it_is_dropped_refuses_its_request_alone() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "what was caught is dropped");
        }
    }
    let (stage, incoming) = stage();
    let mut serving = Task::new(serve(incoming, 8, async |body: String| {
        if body == "bomb" {
            panic_any(Bomb);
        }
        Ok::<_, ()>(body)
    }));
    stage.remote.feed("q1 bomb".to_owned());
    stage.remote.feed("q2 fine".to_owned());
    assert!(serving.run().is_none());
    let mut written = stage.remote.take_written();
    written.sort();
    assert_eq!(written, ["e1 Dropped", "r2 fine"]);
}
