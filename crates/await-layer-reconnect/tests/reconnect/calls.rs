//! Only what certainly was not written is sent again unasked.

use std::time::Duration;

use await_layer::{CallError, Cause, Sent};
use await_layer_reconnect::{Bound, Config, Connected, ReconnectError};
use serde_json::json;
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok};

use crate::peer::{Attempt, BACKOFF, Peer, World, config, run, world, world_with};

#[test]
fn a_request_that_was_not_written_goes_on_the_next_connection() {
    let world = world(&[Attempt::Stuck]);
    let mut call = world.ask(json!({"n": 1}));
    assert_pending!(call.poll());
    world.remote(0).end();
    assert!(call.is_woken());
    assert!(run(&world, &mut call, Duration::from_secs(1)).is_none());
    assert_eq!(world.connections(), 2);
    assert!(world.remote(0).take_written().is_empty());
    assert_eq!(world.echo(1), 1);
    assert_eq!(assert_ready_ok!(call.poll()), json!({"n": 1}));
}

#[test]
fn a_request_that_was_written_fails_and_says_so() {
    let world = world(&[]);
    let mut call = world.ask(json!({"n": 1}));
    assert_pending!(call.poll());
    assert_eq!(world.remote(0).take_written().len(), 1);
    world.remote(0).end();
    let error = assert_ready_err!(call.poll());
    assert_eq!(error.sent(), Sent::Yes);
    let ReconnectError::Call {
        error: CallError::Closed { reason, .. },
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!(reason.cause(), Cause::Eof);
    assert_eq!(world.connections(), 1, "nothing is dialed for it");
    // The handle is as good as before.
    let mut call = world.ask(json!({"n": 2}));
    assert!(run(&world, &mut call, Duration::from_secs(1)).is_none());
    assert_eq!(world.echo(1), 1);
    assert_eq!(assert_ready_ok!(call.poll()), json!({"n": 2}));
}

#[test]
fn a_request_that_may_have_been_written_fails_and_says_so() {
    let world = world(&[]);
    let mut connected = tokio_test::task::spawn(world.reconnect.connected());
    assert_ready_ok!(connected.poll());
    world.remote(0).pend(await_layer_testkit::script::Op::Flush);
    let mut call = world.ask(json!({"n": 1}));
    assert_pending!(call.poll());
    world.remote(0).end();
    assert_eq!(assert_ready_err!(call.poll()).sent(), Sent::Maybe);
}

#[test]
fn what_may_be_repeated_is_and_its_sent_is_the_farthest_of_all() {
    let world = world(&[]);
    let mut call = tokio_test::task::spawn(
        world
            .reconnect
            .send_await::<serde_json::Value, _>(json!({"n": 1}))
            .repeatable(),
    );
    assert_pending!(call.poll());
    let first = world.remote(0).take_written();
    assert_eq!(first.len(), 1);
    world.remote(0).end();
    assert!(run(&world, &mut call, Duration::from_secs(1)).is_none());
    let second = world.remote(1).take_written();
    assert_eq!(second.len(), 1);
    assert_ne!(first, second, "an id of its own");
    // Its next connection is none, and what the first may have done remains.
    world.reconnect.stop();
    world.remote(1).end();
    let error = assert_ready_err!(call.poll());
    assert_eq!(error.sent(), Sent::Yes);
    let ReconnectError::GaveUp { why, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(why.bound(), Bound::Stopped);
}

#[test]
fn a_reply_of_the_first_connection_is_none_on_the_second() {
    let world = world(&[]);
    let mut call = tokio_test::task::spawn(
        world
            .reconnect
            .send_await::<serde_json::Value, _>(json!({"n": 1}))
            .repeatable(),
    );
    assert_pending!(call.poll());
    let first = world.remote(0).take_written().remove(0);
    world.remote(0).end();
    assert!(run(&world, &mut call, Duration::from_secs(1)).is_none());
    world.remote(1).feed(first);
    assert_pending!(call.poll());
    assert_eq!(world.echo(1), 1);
    assert_ready_ok!(call.poll());
}

#[test]
fn other_failures_are_not_repeated() {
    let world = world(&[]);
    let mut call = world.ask(json!("not an object: it does not seal"));
    let error = assert_ready_err!(call.poll());
    assert_eq!(error.sent(), Sent::No);
    assert!(matches!(
        error,
        ReconnectError::Call {
            error: CallError::Refused { .. },
            ..
        }
    ));
    assert_eq!(world.connections(), 1);
}

fn connected_now(world: &World) -> tokio_test::task::Spawn<Connected<Peer>> {
    tokio_test::task::spawn(world.reconnect.connected())
}

#[test]
fn a_connection_that_is_being_closed_takes_no_calls_and_the_next_one_does() {
    let world = world(&[]);
    let mut under_way = world.ask(json!({"n": 1}));
    assert_pending!(under_way.poll());
    let handle = assert_ready_ok!(connected_now(&world).poll());
    let mut close = tokio_test::task::spawn(handle.close());
    assert_pending!(close.poll());
    // Nor is it handed out.
    assert_pending!(connected_now(&world).poll());
    let mut next = world.ask(json!({"n": 2}));
    assert!(run(&world, &mut next, Duration::from_secs(1)).is_none());
    assert_eq!(world.echo(1), 1);
    assert_eq!(assert_ready_ok!(next.poll()), json!({"n": 2}));
    assert_eq!(world.echo(0), 1);
    assert!(close.poll().is_ready());
    assert_eq!(assert_ready_ok!(under_way.poll()), json!({"n": 1}));
}

#[test]
fn a_timeout_bounds_the_outage_too() {
    let world = world(&[Attempt::Hangs]);
    let call = world
        .reconnect
        .send_await::<serde_json::Value, _>(json!({"n": 1}));
    let mut call = tokio_test::task::spawn(call.timeout(Duration::from_secs(2)));
    assert_pending!(call.poll());
    world.advance(Duration::from_millis(1_999));
    assert_pending!(call.poll());
    world.advance(Duration::from_millis(1));
    assert!(call.is_woken());
    let error = assert_ready_err!(call.poll());
    let ReconnectError::Down { last: None, sent } = error else {
        panic!("{error}");
    };
    assert_eq!(sent, Sent::No);
    assert_eq!(error.to_string(), "timed out without a connection");
}

#[test]
fn a_call_whose_time_is_over_is_not_written_though_there_is_a_connection_now() {
    let world = world(&[Attempt::Fails]);
    let call = world
        .reconnect
        .send_await::<serde_json::Value, _>(json!({}));
    let mut late = tokio_test::task::spawn(call.timeout(Duration::from_millis(20)));
    assert_pending!(late.poll());
    // Nobody polls it in time, and then the attempt is due too.
    world.advance(BACKOFF.first);
    let error = assert_ready_err!(late.poll());
    assert!(matches!(error, ReconnectError::Down { sent: Sent::No, .. }));
    assert_eq!(world.connections(), 1);
    assert!(world.remote(0).take_written().is_empty());
}

#[test]
fn calls_have_a_timeout_if_they_say_nothing_and_it_names_the_last_error() {
    let config = Config {
        call_timeout: Duration::from_millis(40),
        ..config(BACKOFF)
    };
    let world = world_with(&[Attempt::Fails; 9], config);
    let mut call = world.ask(json!({}));
    assert_pending!(call.poll());
    world.advance(Duration::from_millis(40));
    assert!(call.is_woken());
    let error = assert_ready_err!(call.poll());
    assert_eq!(
        error.to_string(),
        "timed out without a connection: nobody answers"
    );
}

#[test]
fn the_time_that_an_outage_took_is_not_there_for_the_reply() {
    let world = world(&[Attempt::Fails]);
    let call = world
        .reconnect
        .send_await::<serde_json::Value, _>(json!({}));
    let mut call = tokio_test::task::spawn(call.timeout(Duration::from_millis(200)));
    assert_pending!(call.poll());
    world.advance(Duration::from_millis(150));
    assert_pending!(call.poll());
    assert_eq!(world.remote(0).take_written().len(), 1);
    world.advance(Duration::from_millis(49));
    assert_pending!(call.poll());
    world.advance(Duration::from_millis(1));
    let error = assert_ready_err!(call.poll());
    assert_eq!(error.sent(), Sent::Yes);
    assert!(matches!(
        error,
        ReconnectError::Call {
            error: CallError::Timeout { .. },
            ..
        }
    ));
}

#[test]
fn so_many_calls_wait_for_a_connection_and_no_more() {
    let config = Config {
        max_waiting: 2,
        ..config(BACKOFF)
    };
    let world = world_with(&[Attempt::Hangs], config);
    let mut first = world.ask(json!({"n": 1}));
    let mut second = world.ask(json!({"n": 2}));
    for call in [&mut first, &mut second] {
        assert_pending!(call.poll());
        assert_pending!(call.poll());
    }
    let error = assert_ready_err!(world.ask(json!({"n": 3})).poll());
    assert!(matches!(error, ReconnectError::Full { sent: Sent::No }));
    drop(first);
    let mut third = world.ask(json!({"n": 3}));
    assert_pending!(third.poll());
    // Those who are connected do not count.
    assert!(run(&world, &mut second, Duration::from_secs(6)).is_none());
    assert_pending!(third.poll());
    let mut more: Vec<_> = (4..9).map(|n| world.ask(json!({"n": n}))).collect();
    for call in &mut more {
        assert_pending!(call.poll());
    }
    assert_eq!(world.connections(), 1);
}
