//! The end that the user asks for.

use await_layer::Cause;
use await_layer_reconnect::Bound;
use serde_json::json;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready, assert_ready_err, assert_ready_ok};

use crate::peer::{Attempt, world};

#[test]
fn stopping_wakes_those_who_wait_for_a_connection() {
    let world = world(&[Attempt::Hangs]);
    let mut connected = spawn(world.reconnect.connected());
    let mut call = world.ask(json!({}));
    assert_pending!(connected.poll());
    assert_pending!(call.poll());
    assert!(world.reconnect.stop().is_none());
    assert!(connected.is_woken() && call.is_woken());
    let why = assert_ready_err!(connected.poll());
    assert_eq!(why.bound(), Bound::Stopped);
    assert_ready_err!(call.poll());
    assert!(world.reconnect.stop().is_none(), "twice is once");
}

#[test]
fn one_that_has_given_up_is_stopped_for_good_too() {
    let world = world(&[Attempt::Panics]);
    assert_ready_err!(world.ask(json!({})).poll());
    assert!(world.reconnect.stop().is_none());
    world.reconnect.try_again();
    let why = assert_ready_err!(spawn(world.reconnect.connected()).poll());
    assert_eq!(why.bound(), Bound::Stopped);
    assert_eq!(world.dialed().len(), 1);
}

#[test]
fn what_is_connected_goes_on_until_it_is_closed() {
    let world = world(&[]);
    let mut keep_up = spawn(world.reconnect.keep_up());
    assert_pending!(keep_up.poll());
    let mut call = world.ask(json!({"n": 1}));
    assert_pending!(call.poll());
    let handle = world.reconnect.stop().expect("it is connected");
    assert_pending!(keep_up.poll());
    assert_ready_err!(world.ask(json!({"n": 2})).poll());
    let mut close = spawn(handle.close());
    assert_pending!(close.poll());
    assert_pending!(keep_up.poll());
    assert_eq!(world.echo(0), 1);
    let why = assert_ready!(keep_up.poll());
    assert_eq!(why.bound(), Bound::Stopped);
    assert_eq!(assert_ready_ok!(call.poll()), json!({"n": 1}));
    assert_eq!(assert_ready!(close.poll()).cause(), Cause::Local);
    assert_eq!(world.connections(), 1);
}

#[test]
fn dropping_it_drops_the_connection() {
    let world = world(&[]);
    assert_ready_ok!(spawn(world.reconnect.connected()).poll());
    let remote = world.remote(0);
    drop(world);
    assert!(remote.is_dropped());
}
