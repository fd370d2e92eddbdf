//! Every waiter gets its own outcome, once, and leaves nothing behind.

use std::time::Duration;

use await_layer::{
    CallError, Cause, ClosureIds, Event, Limits, Refusal, Refused, Responder, Slot, SlotIds,
};
use await_layer_testkit::script::Op;
use futures::StreamExt;

use crate::stage::{
    Ids, Joint, Stage, Task, layer, refusal, reply_to, requests, stage, stage_with,
};

fn stray<G: Ids>(stage: &Stage<G>) -> u64 {
    let stats = stage.handle.stats();
    stats.late + stats.unknown
}

/// The next call works.
fn lives<G: Ids>(stage: &Stage<G>) {
    assert_eq!(stage.handle.close_reason(), None);
    stage.remote.take_written();
    let mut call = stage.ask("alive?");
    assert!(call.run().is_none());
    let request = requests(&stage.remote, &["alive?"]).remove(0);
    stage.remote.feed(reply_to(&request, "alive"));
    assert_eq!(call.run(), Some(Ok("alive".to_owned())));
}

#[test]
fn a_late_reply_reaches_nobody() {
    let (stage, mut incoming) = stage();
    let mut dropped = stage.ask("dropped");
    let mut expires = stage.ask_within(5, "expires");
    assert!(dropped.run().is_none() && expires.run().is_none());
    dropped.run();
    let written = requests(&stage.remote, &["dropped", "expires"]);
    drop(dropped);
    stage.timer.advance(Duration::from_millis(5));
    assert!(matches!(
        expires.run(),
        Some(Err(CallError::Timeout { .. }))
    ));
    for request in &written {
        stage.remote.feed(reply_to(request, "late"));
    }
    // It drives, and no event comes of them.
    assert!(Task::new(incoming.next()).run().is_none());
    assert_eq!(stray(&stage), 2);
    lives(&stage);
}

#[test]
fn a_late_reply_is_counted_as_late_where_ids_say_whose_they_are() {
    let (stage, _incoming) = stage();
    let mut call = stage.ask_within(5, "slow");
    assert!(call.run().is_none());
    let request = requests(&stage.remote, &["slow"]).remove(0);
    stage.timer.advance(Duration::from_millis(5));
    assert!(matches!(call.run(), Some(Err(CallError::Timeout { .. }))));
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    stage.remote.feed(reply_to(&request, "late"));
    assert!(driver.run().is_none());
    let stats = stage.handle.stats();
    assert_eq!((stats.late, stats.unknown), (1, 0));
}

#[test]
fn a_reply_to_nothing_is_counted_and_too_many_end_the_connection() {
    let (stage, _incoming) = stage_with(Limits {
        unmatched_budget: 3,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    for _ in 0..3 {
        stage.remote.feed("r999 what?".to_owned());
    }
    assert!(driver.run().is_none());
    assert_eq!(stray(&stage), 3);
    // One that matches earns one back.
    lives(&stage);
    stage.remote.feed("r999 what?".to_owned());
    assert!(driver.run().is_none());
    stage.remote.feed("r999 what?".to_owned());
    let reason = driver.run().expect("too many");
    assert_eq!(reason.cause(), Cause::Unmatched);
}

/// A peer that was stalled answers everything at once, and too late: that is no
/// flood of strays, however many they are.
#[test]
fn late_replies_to_calls_that_were_given_up_do_not_end_the_connection() {
    let (stage, _incoming) = stage_with(Limits {
        unmatched_budget: 3,
        ..Limits::default()
    });
    let mut driver = Task::new(stage.handle.driver());
    let mut calls: Vec<_> = (0..10).map(|_| stage.ask_within(5, "slow")).collect();
    for call in &mut calls {
        assert!(call.run().is_none());
    }
    assert!(driver.run().is_none());
    let requests = requests(&stage.remote, &["slow"; 10]);
    // Half of them run out of time, half are dropped.
    calls.truncate(5);
    stage.timer.advance(Duration::from_millis(5));
    for call in &mut calls {
        assert!(matches!(call.run(), Some(Err(_))));
    }
    for request in &requests {
        stage.remote.feed(reply_to(request, "late"));
    }
    assert!(driver.run().is_none());
    assert_eq!(stray(&stage), 10);
    // One for each, and no more: what follows counts.
    for request in &requests[..3] {
        stage.remote.feed(reply_to(request, "again"));
    }
    assert!(driver.run().is_none());
    stage.remote.feed(reply_to(&requests[3], "again"));
    let reason = driver.run().expect("too many");
    assert_eq!(reason.cause(), Cause::Unmatched);
}

#[test]
fn a_call_dropped_in_any_state_leaves_nothing_behind() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    for round in 0..200 {
        // Not polled.
        drop(stage.ask("new"));
        // In the queue.
        stage.remote.pend(Op::Ready);
        let mut queued = stage.ask("queued");
        assert!(queued.run().is_none());
        drop(queued);
        stage.remote.resume(Op::Ready);
        assert!(driver.run().is_none());
        assert!(stage.remote.take_written().is_empty(), "it was taken back");
        // Written, or answered and not taken, or expired and not taken.
        for end in ["written", "replied", "expired"] {
            let mut call = stage.ask_within(10, end);
            assert!(call.poll().is_pending() && driver.run().is_none());
            let request = requests(&stage.remote, &[end]).remove(0);
            match end {
                "replied" => stage.remote.feed(reply_to(&request, "yes")),
                "expired" => stage.timer.advance(Duration::from_millis(10)),
                _ => {}
            }
            assert!(driver.run().is_none());
            drop(call);
            assert!(driver.run().is_none());
            stage.remote.take_written();
            // The same slot each time: the index is in the lower half.
            let id: u64 = request[1..].split(' ').next().unwrap().parse().unwrap();
            assert_eq!(id & 0xffff_ffff, 0, "round {round}");
        }
        assert_eq!(stage.handle.in_flight(), 0);
    }
    assert_eq!(
        stage
            .timer
            .next_deadline()
            .filter(|at| *at > stage_now(&stage)),
        None
    );
    lives(&stage);
}

fn stage_now(stage: &Stage) -> u64 {
    use await_layer::Timer;
    // Ticks may be armed; deadlines may not.
    stage.timer.now() + 100_000_000
}

#[test]
fn a_cancelled_calls_reply_is_not_the_next_ones() {
    let (stage, _incoming) = stage();
    let mut cancelled = stage.ask("same");
    assert!(cancelled.run().is_none());
    let old = requests(&stage.remote, &["same"]).remove(0);
    drop(cancelled);
    let mut next = stage.ask("same");
    assert!(next.run().is_none());
    let written = stage.remote.take_written();
    stage.remote.feed(reply_to(&old, "old"));
    assert!(next.run().is_none());
    stage.remote.feed(reply_to(written.last().unwrap(), "new"));
    assert_eq!(next.run(), Some(Ok("new".to_owned())));
}

#[test]
fn a_late_reply_does_not_reach_the_slots_next_owner() {
    let (stage, _incoming) = stage();
    let mut first = stage.ask_within(5, "first");
    assert!(first.run().is_none());
    let old = requests(&stage.remote, &["first"]).remove(0);
    stage.timer.advance(Duration::from_millis(5));
    assert!(matches!(first.run(), Some(Err(CallError::Timeout { .. }))));
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.run().is_none());
    assert!(stage.remote.take_written()[0].starts_with('c'));
    let mut second = stage.ask("second");
    assert!(second.run().is_none() && driver.run().is_none());
    let new = requests(&stage.remote, &["second"]).remove(0);
    let index = |request: &str| {
        let id: u64 = request[1..].split(' ').next().unwrap().parse().unwrap();
        id & 0xffff_ffff
    };
    assert_eq!(index(&old), index(&new), "the slot is used again");
    stage.remote.feed(reply_to(&old, "old"));
    assert!(driver.run().is_none() && second.run().is_none());
    assert_eq!(stray(&stage), 1);
    stage.remote.feed(reply_to(&new, "new"));
    assert!(driver.run().is_none());
    assert_eq!(second.run(), Some(Ok("new".to_owned())));
}

fn next_request(incoming: &mut await_layer::Incoming<Joint>) -> Option<(String, Responder<Joint>)> {
    match Task::new(incoming.next()).run()?? {
        Event::Request(request) => Some(request.unpack().expect("text")),
        event => panic!("{event:?}"),
    }
}

#[test]
fn a_dropped_responder_tells_the_peer_and_frees_the_id() {
    let (stage, mut incoming) = stage();
    for _ in 0..2 {
        stage.remote.feed("q5 hello".to_owned());
        let (body, responder) = next_request(&mut incoming).expect("a request");
        assert_eq!(body, "hello");
        drop(responder);
        assert!(next_request(&mut incoming).is_none());
        assert_eq!(stage.remote.take_written(), [refusal(5, Refusal::Dropped)]);
    }
    assert_eq!(stage.handle.stats().unanswered, 2);
}

#[test]
fn a_responder_dropped_after_the_cancel_says_that_it_was_cancelled() {
    let (stage, mut incoming) = stage();
    stage.remote.feed("q5 hello".to_owned());
    let (_, responder) = next_request(&mut incoming).expect("a request");
    stage.remote.feed("c5".to_owned());
    assert!(next_request(&mut incoming).is_none());
    drop(responder);
    assert!(next_request(&mut incoming).is_none());
    let told = stage.remote.take_written();
    assert_eq!(told, [refusal(5, Refusal::Cancelled)]);
}

#[test]
fn a_handler_learns_that_the_connection_has_ended() {
    let (stage, mut incoming) = stage();
    stage.remote.feed("q5 hello".to_owned());
    let (_, mut responder) = next_request(&mut incoming).expect("a request");
    let mut cancelled = Task::new(responder.cancelled());
    assert!(cancelled.run().is_none());
    stage.remote.end();
    assert_eq!(cancelled.run(), Some(()));
}

#[test]
fn a_live_id_is_never_overwritten() {
    let mut made = 0;
    let ids = ClosureIds::new(move |_: Slot| {
        made += 1;
        // Twice the same, then for ever another.
        Some(if made < 4 { 7_u64 } else { 8 })
    });
    let (stage, _layer) = layer(ids, Limits::default());
    let mut first = stage.ask("first");
    let mut second = stage.ask("second");
    let mut third = stage.ask("third");
    for call in [&mut first, &mut second] {
        assert!(call.run().is_none());
    }
    first.run();
    let exhausted = Err(CallError::Refused {
        why: Refused::IdExhausted,
        frame: Some("third".to_owned()),
    });
    assert!(third.poll().is_pending());
    assert_eq!(third.run(), Some(exhausted));
    let written = stage.remote.take_written();
    assert_eq!(written, ["q7 first", "q8 second"]);
    stage.remote.feed("r8 two".to_owned());
    stage.remote.feed("r7 one".to_owned());
    while first.waker.wakes() + second.waker.wakes() > 0 {
        if second.waker.wakes() > 0 {
            assert_eq!(second.run(), Some(Ok("two".to_owned())));
            break;
        }
        assert_eq!(first.run(), Some(Ok("one".to_owned())));
    }
    assert_eq!(stage.handle.in_flight(), 0);
}

#[test]
fn a_chosen_id_that_is_live_is_refused_and_the_first_call_unharmed() {
    let (stage, _incoming) = stage();
    let mut first = Task::new(stage.handle.send_await::<String>("first").with_id(9));
    assert!(first.run().is_none());
    let mut second = Task::new(stage.handle.send_await::<String>("second").with_id(9));
    let refused = Err(CallError::Refused {
        why: Refused::IdInUse,
        frame: Some("second".to_owned()),
    });
    assert_eq!(second.run(), Some(refused));
    stage.remote.feed("r9 one".to_owned());
    assert_eq!(first.run(), Some(Ok("one".to_owned())));
}

#[test]
fn a_narrow_id_rests_until_its_reply_or_its_quarantine_has_passed() {
    let (stage, _layer) = layer(SlotIds::<u16>::new(), Limits::default());
    let mut driver = Task::new(stage.handle.driver());
    let mut cancelled = |stage: &Stage<SlotIds<u16>>| {
        let mut call = stage.ask("x");
        assert!(call.poll().is_pending() && driver.run().is_none());
        let request = requests(&stage.remote, &["x"]).remove(0);
        drop(call);
        assert!(driver.run().is_none());
        assert!(stage.remote.take_written()[0].starts_with('c'));
        request
    };
    let index = |request: &str| {
        let id: u16 = request[1..].split(' ').next().unwrap().parse().unwrap();
        id & 0xfff
    };
    let first = cancelled(&stage);
    let second = cancelled(&stage);
    assert_ne!(index(&first), index(&second));
    // The late reply ends the first one's rest.
    stage.remote.feed(reply_to(&first, "late"));
    let next = [cancelled(&stage), cancelled(&stage)].map(|request| index(&request));
    assert!(next.contains(&index(&first)), "{next:?}");
    assert!(!next.contains(&index(&second)), "{next:?}");
    // Time ends the rest of the others.
    stage.timer.advance(Limits::default().quarantine);
    let again = [cancelled(&stage), cancelled(&stage)].map(|request| index(&request));
    assert!(again.contains(&index(&second)), "{again:?}");
}

#[test]
fn calls_that_drive_themselves_get_their_own_replies_in_any_order() {
    let (stage, _incoming) = stage();
    let bodies = ["a", "b", "c"];
    let mut calls = bodies.map(|body| stage.ask(body));
    for _ in 0..2 {
        for call in &mut calls {
            assert!(call.run().is_none());
        }
    }
    let written = requests(&stage.remote, &bodies);
    for (request, body) in written.iter().zip(bodies).rev() {
        stage.remote.feed(reply_to(request, body));
    }
    let mut outcomes = [None, None, None];
    for _ in 0..3 {
        for (call, outcome) in calls.iter_mut().zip(&mut outcomes) {
            *outcome = outcome.take().or_else(|| call.run());
        }
    }
    assert_eq!(outcomes, bodies.map(|body| Some(Ok(body.to_owned()))));
}
