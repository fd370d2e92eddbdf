//! A permit that is taken before the call keeps its word and is never lost.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use await_layer::{CallError, Cause, Incoming, Limits, Permit, Refused, Reserve, Sent};

use crate::stage::{BOUND, Joint, Stage, Task, reply_to, requests, stage_with};

fn one_at_a_time() -> (Stage, Incoming<Joint>) {
    stage_with(Limits {
        max_in_flight: 1,
        ..Limits::default()
    })
}

fn reserve(stage: &Stage) -> Task<Reserve<Joint>> {
    Task::new(stage.handle.reserve())
}

fn permit(stage: &Stage) -> Permit<Joint> {
    let reserved = reserve(stage).run().expect("nobody is in the way");
    reserved.expect("it is open")
}

#[test]
fn a_call_with_a_permit_goes_before_those_that_wait_for_one() {
    let (stage, _incoming) = one_at_a_time();
    let permit = permit(&stage);
    let mut other = stage.ask("other");
    assert!(other.run().is_none());
    assert!(stage.remote.take_written().is_empty());
    let mut call = Task::new(permit.send_await::<String>("reserved"));
    assert!(call.run().is_none());
    let request = requests(&stage.remote, &["reserved"]).remove(0);
    stage.remote.feed(reply_to(&request, "yes"));
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
    assert!(other.run().is_none());
    requests(&stage.remote, &["other"]);
}

#[test]
fn neither_calls_nor_reservations_overtake_the_other() {
    let (stage, _incoming) = one_at_a_time();
    let mut driver = Task::new(stage.handle.driver());
    let mut first = stage.ask("first");
    let mut reserved = reserve(&stage);
    let mut last = stage.ask("last");
    assert!(first.run().is_none() && reserved.run().is_none() && last.run().is_none());
    assert!(driver.run().is_none());
    let request = requests(&stage.remote, &["first"]).remove(0);
    reserved.waker.take();
    stage.remote.feed(reply_to(&request, "yes"));
    assert!(driver.run().is_none());
    assert_eq!(reserved.waker.wakes(), 1);
    assert!(stage.remote.take_written().is_empty(), "overtaken");
    let permit = reserved.run().expect("its turn").expect("it is open");
    drop(permit);
    assert!(driver.run().is_none());
    requests(&stage.remote, &["last"]);
}

#[test]
fn a_permit_that_nothing_is_written_for_is_passed_on_all_the_same() {
    let (stage, _incoming) = one_at_a_time();
    stage.remote.allow(0);
    let mut driver = Task::new(stage.handle.driver());
    let mut call = stage.ask("never written");
    let mut reserved = reserve(&stage);
    assert!(call.run().is_none() && reserved.run().is_none());
    assert!(driver.run().is_none());
    drop(call);
    assert!(driver.run().is_none());
    assert!(reserved.run().expect("it is free").is_ok());
}

#[test]
fn whoever_waits_for_a_permit_drives() {
    let (stage, _incoming) = one_at_a_time();
    let mut parked = stage.ask("parked");
    assert!(parked.poll().is_pending());
    let mut reserved = reserve(&stage);
    assert!(reserved.run().is_none());
    let request = requests(&stage.remote, &["parked"]).remove(0);
    stage.remote.feed(reply_to(&request, "yes"));
    let mut permit = None;
    stage.pass(BOUND, || permit = permit.take().or_else(|| reserved.run()));
    assert!(permit.expect("within the bound").is_ok());
    assert_eq!(parked.run(), Some(Ok("yes".to_owned())));
}

#[test]
fn a_permit_dropped_in_any_state_is_there_for_the_next() {
    let (stage, _incoming) = one_at_a_time();
    drop(stage.handle.reserve());
    drop(permit(&stage));
    let held = permit(&stage);
    let mut waits = reserve(&stage);
    assert!(waits.run().is_none());
    drop(waits);
    drop(held.send_await::<String>("never polled"));
    drop(permit(&stage).send_stream::<String>("never polled"));
    let mut granted = reserve(&stage);
    let held = permit(&stage);
    assert!(granted.run().is_none());
    drop(held);
    // It has its permit, and is dropped before it hears of it.
    drop(granted);
    let held = permit(&stage);
    let unpackable = AssertUnwindSafe(|| drop(held.send_await::<String>("unpackable")));
    assert!(catch_unwind(unpackable).is_err());
    let mut call = Task::new(permit(&stage).send_await::<String>("polled"));
    assert!(call.run().is_none());
    drop(call);
    assert!(Task::new(stage.handle.driver()).run().is_none());
    drop(permit(&stage));
    assert_eq!(stage.handle.in_flight(), 0);
    assert_eq!(stage.handle.stats().calls, 1);
}

#[test]
fn closing_turns_away_those_who_wait_and_those_who_hold() {
    let (stage, _incoming) = one_at_a_time();
    let mut call = stage.ask("under way");
    assert!(call.run().is_none());
    let mut reserved = reserve(&stage);
    assert!(reserved.run().is_none());
    let mut close = Task::new(stage.handle.close());
    assert!(close.run().is_none());
    let refused = reserved.run().expect("at once").map(drop);
    let closing = CallError::Refused {
        why: Refused::Closing,
        frame: None,
    };
    assert_eq!(refused, Err(closing.clone()));
    assert_eq!(reserve(&stage).run().unwrap().map(drop), Err(closing));
    let request = requests(&stage.remote, &["under way"]).remove(0);
    stage.remote.feed(reply_to(&request, "yes"));
    assert_eq!(close.run().expect("drained").cause(), Cause::Local);
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
}

#[test]
fn a_permit_of_a_connection_that_has_ended_is_worth_nothing_and_harms_nothing() {
    let (stage, _incoming) = one_at_a_time();
    let held = permit(&stage);
    let mut reserved = reserve(&stage);
    assert!(reserved.run().is_none());
    stage.remote.end();
    assert!(Task::new(stage.handle.driver()).run().is_some());
    let Some(Err(CallError::Closed { reason, sent, .. })) = reserved.run() else {
        panic!("it waits for what will not come");
    };
    assert_eq!((reason.cause(), sent), (Cause::Eof, Sent::No));
    let call = Task::new(held.send_await::<String>("late")).run();
    let Some(Err(CallError::Closed { frame, .. })) = call else {
        panic!("{call:?}");
    };
    assert_eq!(frame.as_deref(), Some("late"));
}

#[test]
fn a_call_with_a_permit_has_its_own_timeout_and_id() {
    let (stage, _incoming) = one_at_a_time();
    let call = permit(&stage).send_await::<String>("hello").with_id(77);
    let mut call = Task::new(call.timeout(Duration::from_millis(5)));
    assert!(call.run().is_none());
    assert_eq!(stage.remote.take_written(), ["q77 hello"]);
    stage.timer.advance(Duration::from_millis(5));
    let outcome = call.run().expect("its time is up");
    let yes = Sent::Yes;
    assert!(matches!(outcome, Err(CallError::Timeout { sent, .. }) if sent == yes));
}

#[test]
fn a_permit_that_closing_makes_worthless_is_passed_on_and_told_of() {
    let (stage, _incoming) = one_at_a_time();
    let held = permit(&stage);
    let mut driver = Task::new(stage.handle.driver());
    let mut waits = stage.ask("waits");
    assert!(waits.run().is_none() && driver.run().is_none());
    let mut close = Task::new(stage.handle.close());
    assert!(close.run().is_none() && driver.run().is_none());
    for waker in [&driver.waker, &waits.waker, &close.waker] {
        waker.take();
    }
    let refused = Task::new(held.send_await::<String>("too late")).run();
    assert!(matches!(refused, Some(Err(CallError::Refused { .. }))));
    let wakes = [&driver.waker, &waits.waker, &close.waker].map(|waker| waker.wakes());
    assert_ne!(wakes, [0, 0, 0], "nobody knows");
    let request = {
        driver.run();
        waits.run();
        close.run();
        requests(&stage.remote, &["waits"]).remove(0)
    };
    stage.remote.feed(reply_to(&request, "yes"));
    assert!(close.run().is_some() || driver.run().is_some());
    assert_eq!(waits.run(), Some(Ok("yes".to_owned())));
}
