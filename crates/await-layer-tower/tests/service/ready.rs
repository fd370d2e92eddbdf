//! A service that is ready has a permit, and no other has.

use await_layer::{CallError, Cause, Refused, Sent};
use serde_json::json;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready, assert_ready_err, assert_ready_ok};
use tower::{Service as _, ServiceExt as _};

use crate::end::{Service, end};

/// Polls whether the service is ready.
fn ready(service: &mut Service) -> bool {
    let polled = spawn(service.ready()).poll();
    polled.map(|ready| assert!(ready.is_ok())).is_ready()
}

#[test]
fn a_call_after_ready_does_not_wait_for_others() {
    let mut end = end(1);
    assert!(ready(&mut end.service));
    let mut other = spawn(end.handle.send_await::<serde_json::Value>(&json!({"n": 1})));
    assert_pending!(other.poll());
    assert_eq!(
        end.written(),
        0,
        "it has taken the permit of a ready service"
    );
    let mut call = spawn(end.service.call(json!({"n": 2})));
    // It yields once, for the other waits too.
    assert_pending!(call.poll());
    assert_pending!(call.poll());
    end.echo();
    assert_eq!(assert_ready_ok!(call.poll()), json!({"n": 2}));
}

#[test]
fn a_clone_starts_without_a_permit_and_waits_its_turn() {
    let mut end = end(1);
    assert!(ready(&mut end.service));
    let mut clone = end.service.clone();
    assert!(!ready(&mut clone));
    // Ready stays ready, and takes no second permit.
    assert!(ready(&mut end.service));
    let mut call = spawn(end.service.call(json!({})));
    assert_pending!(call.poll());
    assert!(!ready(&mut clone));
    assert_pending!(call.poll());
    end.echo();
    assert_ready_ok!(call.poll());
    assert!(ready(&mut clone));
}

#[test]
fn a_service_that_is_dropped_or_never_called_gives_its_permit_back() {
    let mut end = end(1);
    let mut clone = end.service.clone();
    assert!(ready(&mut clone));
    assert!(!ready(&mut end.service));
    drop(clone);
    assert!(ready(&mut end.service));
    let mut waits = end.service.clone();
    let mut after = end.service.clone();
    assert!(!ready(&mut waits) && !ready(&mut after));
    drop(waits);
    // A call that is never polled has the permit until it is dropped.
    let call = end.service.call(json!({}));
    assert!(!ready(&mut after));
    drop(call);
    assert!(ready(&mut after));
    assert_eq!((end.written(), end.handle.in_flight()), (0, 0));
}

#[test]
fn whoever_waits_to_be_ready_is_woken() {
    let mut end = end(1);
    assert!(ready(&mut end.service));
    let mut clone = end.service.clone();
    let mut waits = spawn(clone.ready());
    assert_pending!(waits.poll());
    let mut call = spawn(end.service.call(json!({})));
    assert_pending!(call.poll());
    assert_pending!(call.poll());
    end.echo();
    assert_ready_ok!(call.poll());
    assert!(waits.is_woken());
    assert!(assert_ready!(waits.poll()).is_ok());
}

#[test]
fn a_call_without_ready_is_a_call_like_any_other() {
    let mut end = end(1);
    let mut first = spawn(end.service.call(json!({"n": 1})));
    assert_pending!(first.poll());
    let mut second = spawn(end.service.call(json!({"n": 2})));
    assert_pending!(second.poll());
    assert_eq!(end.remote.take_written().len(), 1);
}

#[test]
fn a_connection_that_has_ended_is_never_ready_and_says_why() {
    let mut end = end(1);
    assert!(ready(&mut end.service));
    let mut waits = end.service.clone();
    assert!(!ready(&mut waits));
    end.remote.end();
    assert_ready!(spawn(end.handle.closed()).poll());
    for service in [&mut end.service, &mut waits] {
        let error = assert_ready_err!(spawn(service.ready()).poll());
        assert_eq!(error.sent(), Sent::No);
        let CallError::Closed { reason, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(reason.cause(), Cause::Eof);
    }
    let called = assert_ready_err!(spawn(end.service.call(json!({}))).poll());
    assert!(called.into_frame().is_some(), "the request comes back");
}

#[test]
fn a_connection_that_is_being_closed_is_not_ready_whoever_has_a_permit() {
    let mut end = end(2);
    let mut under_way = spawn(end.service.call(json!({"n": 1})));
    assert_pending!(under_way.poll());
    assert!(ready(&mut end.service));
    let mut waits = end.service.clone();
    assert!(!ready(&mut waits));
    let mut close = spawn(end.handle.close());
    assert_pending!(close.poll());
    for service in [&mut end.service, &mut waits] {
        let error = assert_ready_err!(spawn(service.ready()).poll());
        let CallError::Refused { why, frame: None } = error else {
            panic!("{error}");
        };
        assert_eq!(why, Refused::Closing);
    }
    end.echo();
    assert_eq!(assert_ready_ok!(under_way.poll()), json!({"n": 1}));
    assert_eq!(assert_ready!(close.poll()).cause(), Cause::Local);
}
