//! A future that is not polled holds up nobody.

use std::time::Duration;

use await_layer::{CallError, Event};
use futures::future::{join, select};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use crate::stage::{BOUND, Stage, Task, reply_to, requests, stage};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A reply and a deadline reach two live calls within the bound, whatever
/// `designee` is; it was polled and is not polled any more.
fn others_are_served(stage: &Stage) {
    let mut answered = stage.ask("answered");
    let mut expires = stage.ask_within(30, "expires");
    assert!(answered.run().is_none() && expires.run().is_none());
    let mut outcome = None;
    let mut late = None;
    // What is queued leaves within the bound.
    stage.pass(BOUND, || {
        assert!(answered.run().is_none());
        late = late.take().or_else(|| expires.run());
    });
    let written = stage.remote.take_written();
    let request = written.iter().find(|frame| frame.ends_with("answered"));
    assert!(matches!(late, Some(Err(CallError::Timeout { .. }))));

    stage
        .remote
        .feed(reply_to(request.expect("it is written"), "yes"));
    stage.pass(BOUND, || {
        outcome = outcome.take().or_else(|| answered.run())
    });
    assert_eq!(outcome.and_then(Result::ok).as_deref(), Some("yes"));
    assert_eq!(stage.handle.close_reason(), None);
}

#[test]
fn a_call_in_a_select_whose_other_branch_is_awaited_holds_up_nobody() {
    let (stage, _incoming) = stage();
    let call = stage.handle.send_await::<String>("parked").boxed_local();
    let mut loops = Task::new(async move {
        // The other branch wins, and its body takes for ever.
        let branch = select(call, std::future::ready(())).await;
        std::future::pending::<()>().await;
        drop(branch);
    });
    assert!(loops.run().is_none());
    others_are_served(&stage);
    drop(loops);
}

#[test]
fn calls_in_a_collection_that_is_not_polled_hold_up_nobody() {
    let (stage, _incoming) = stage();
    let calls = ["a", "b", "c"].map(|body| stage.handle.send_await::<String>(body));
    let mut calls: FuturesUnordered<_> = calls.into_iter().collect();
    let mut first = Task::new(calls.next());
    assert!(first.poll().is_pending());
    others_are_served(&stage);
}

#[test]
fn a_join_that_is_not_polled_holds_up_nobody() {
    let (stage, _incoming) = stage();
    let (a, b) = (
        stage.handle.send_await::<String>("a"),
        stage.handle.send("b"),
    );
    let mut both = Task::new(join(a, b));
    assert!(both.poll().is_pending());
    others_are_served(&stage);
}

#[test]
fn a_forgotten_call_holds_up_nobody() {
    let (stage, _incoming) = stage();
    let mut call = stage.ask("forgotten");
    assert!(call.poll().is_pending());
    std::mem::forget(call.into_inner());
    others_are_served(&stage);
}

#[test]
fn a_call_whose_task_is_blocked_holds_up_nobody() {
    let (stage, _incoming) = stage();
    let mut blocked = stage.ask("blocked");
    // It drives, is woken, and its task does not come to it.
    assert!(blocked.run().is_none());
    let request = requests(&stage.remote, &["blocked"]).remove(0);
    stage.remote.feed(reply_to(&request, "unseen"));
    assert_eq!(blocked.waker.wakes(), 1);
    others_are_served(&stage);
    assert_eq!(blocked.run(), Some(Ok("unseen".to_owned())));
}

#[test]
fn a_driver_that_is_not_polled_holds_up_nobody() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.poll().is_pending());
    others_are_served(&stage);
    // Again, now that it is known not to come.
    others_are_served(&stage);
}

#[test]
fn a_driver_that_stays_parked_costs_the_bound_once() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    assert!(driver.poll().is_pending());
    others_are_served(&stage);
    for body in ["one", "two", "three"] {
        let mut call = stage.ask(body);
        assert!(call.run().is_none());
        let request = requests(&stage.remote, &[body]).remove(0);
        stage.remote.feed(reply_to(&request, body));
        assert_eq!(call.run(), Some(Ok(body.to_owned())), "no time has passed");
    }
    // Once it is polled it is preferred again.
    assert!(driver.poll().is_pending());
    let mut call = stage.ask("four");
    assert!(call.run().is_none());
    assert!(driver.run().is_none());
    let request = requests(&stage.remote, &["four"]).remove(0);
    stage.remote.feed(reply_to(&request, "four"));
    assert!(call.run().is_none(), "it waits for the driver");
    assert!(driver.run().is_none());
    assert_eq!(call.run(), Some(Ok("four".to_owned())));
}

#[test]
fn a_stream_that_is_not_polled_holds_up_nobody() {
    let (stage, mut incoming) = stage();
    let mut next = Task::new(incoming.next());
    assert!(next.poll().is_pending());
    others_are_served(&stage);
}

#[test]
fn a_loop_over_the_stream_may_await_a_call() {
    let (stage, mut incoming) = stage();
    let handle = stage.handle.clone();
    let mut looped = Task::new(async move {
        let mut replies = Vec::new();
        while replies.len() < 3 {
            let Some(Event::Message(frame)) = incoming.next().await else {
                panic!("three messages come");
            };
            replies.push(handle.send_await::<String>(&*frame).await);
        }
        replies
    });
    let mut outcome = looped.run();
    for body in ["one", "two", "three"] {
        stage.remote.feed(body.to_owned());
        outcome = outcome.or_else(|| looped.run());
        let request = requests(&stage.remote, &[body]).remove(0);
        // More comes in while the body of the loop waits.
        stage.remote.feed(reply_to(&request, body));
        outcome = outcome.or_else(|| looped.run());
    }
    let replies = outcome.expect("no time has passed");
    let replies: Vec<_> = replies.into_iter().map(Result::unwrap).collect();
    assert_eq!(replies, ["one", "two", "three"]);
}

#[test]
fn a_designee_dropped_between_its_wake_and_its_poll_passes_the_wake_on() {
    let (stage, _incoming) = stage();
    let mut other = stage.ask("other");
    assert!(other.run().is_none());
    let mut designee = stage.ask("designee");
    assert!(designee.run().is_none());
    assert!(other.run().is_none());
    let request = requests(&stage.remote, &["other", "designee"]).remove(0);
    stage.remote.feed(reply_to(&request, "yes"));
    assert_eq!((designee.waker.wakes(), other.waker.wakes()), (1, 0));
    drop(designee);
    assert_eq!(other.run(), Some(Ok("yes".to_owned())));
}

#[test]
fn a_newcomer_parked_before_its_first_turn_holds_up_nobody() {
    let (stage, _incoming) = stage();
    let mut waits = stage.ask("waits");
    assert!(waits.run().is_none());
    let request = requests(&stage.remote, &["waits"]).remove(0);
    // It becomes the designee, lets others go first, and is not polled again.
    let mut newcomer = stage.ask("newcomer");
    assert!(newcomer.poll().is_pending());
    stage.remote.feed(reply_to(&request, "yes"));
    let mut outcome = None;
    stage.pass(BOUND, || outcome = outcome.take().or_else(|| waits.run()));
    assert_eq!(outcome, Some(Ok("yes".to_owned())));
}

#[test]
fn a_second_parked_designee_holds_up_nobody_longer_than_the_first() {
    let (stage, _incoming) = stage();
    let mut waits = stage.ask_within(150, "waits");
    assert!(waits.run().is_none());
    let mut first = stage.ask("first");
    assert!(first.run().is_none());
    assert!(waits.run().is_none());
    // The first is told at the tick and does not come; the second takes a turn
    // before the watchdog rings, and is parked then.
    stage.pass(millis(80), || assert!(waits.run().is_none()));
    let mut second = stage.ask("second");
    assert!(second.run().is_none());
    stage.pass(millis(69), || assert!(waits.run().is_none()));
    let mut outcome = None;
    stage.pass(BOUND + millis(1), || {
        outcome = outcome.take().or_else(|| waits.run())
    });
    assert!(
        matches!(outcome, Some(Err(CallError::Timeout { .. }))),
        "{outcome:?}"
    );
}
