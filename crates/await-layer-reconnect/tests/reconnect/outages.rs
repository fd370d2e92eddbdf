//! Attempts, their waits, and their bounds.

use std::task::Poll;
use std::time::Duration;

use await_layer::Handle;
use await_layer_reconnect::{Backoff, Bound, Dial, Reconnect, ReconnectError};
use serde_json::json;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready, assert_ready_err, assert_ready_ok};

use crate::peer::{Attempt, BACKOFF, Broken, Joint, config, run, world, world_with};

const LONG: Duration = Duration::from_secs(100);

/// Each wait is in the upper half of what was due, in milliseconds.
fn assert_waits(dialed: &[u64], due: &[u64]) {
    assert_eq!(dialed.len(), due.len() + 1);
    for (pair, &due) in dialed.windows(2).zip(due) {
        let waited = (pair[1] - pair[0]) / 1_000_000;
        // The clock of these tests moves by 10 ms.
        assert!((due / 2..=due + 10).contains(&waited), "{waited} of {due}");
    }
}

#[test]
fn waits_grow_and_each_is_in_the_upper_half_of_what_is_due() {
    let world = world(&[Attempt::Fails; 4]);
    let mut connected = spawn(world.reconnect.connected());
    assert!(run(&world, &mut connected, LONG).expect("it ends").is_ok());
    assert_eq!(world.dialed()[0], 0, "at once");
    assert_waits(&world.dialed(), &[100, 200, 400, 800]);
}

#[test]
fn it_gives_up_after_so_many_attempts_and_says_why_for_ever() {
    let world = world(&[Attempt::Fails; 9]);
    let mut call = world.ask(json!({}));
    let error = run(&world, &mut call, LONG).expect("it ends").unwrap_err();
    assert_eq!(
        error.to_string(),
        "gave up connecting after 5 failures: nobody answers"
    );
    let ReconnectError::GaveUp { why, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((why.bound(), why.failures()), (Bound::Attempts, 5));
    assert_eq!(why.last(), Some(&Broken));
    assert_eq!(world.dialed().len(), 5);
    assert_ready_err!(world.ask(json!({})).poll());
    assert_ready_err!(spawn(world.reconnect.connected()).poll());
    assert_eq!(world.dialed().len(), 5, "dialed after it gave up");
}

#[test]
fn an_outage_has_an_end_even_if_attempts_have_not() {
    let backoff = Backoff {
        attempts: u32::MAX,
        within: Duration::from_secs(3),
        ..BACKOFF
    };
    let world = world_with(&[Attempt::Fails; 99], config(backoff));
    let why = run(&world, &mut spawn(world.reconnect.connected()), LONG);
    let why = why.expect("it ends").map(drop).unwrap_err();
    assert_eq!(why.bound(), Bound::Time);
    assert!(*world.dialed().last().expect("some") <= 3_000_000_000);
}

#[test]
fn an_attempt_that_hangs_is_given_up_and_the_next_one_made() {
    let world = world(&[Attempt::Hangs]);
    let mut connected = spawn(world.reconnect.connected());
    assert_pending!(connected.poll());
    world.advance(BACKOFF.attempt_timeout - Duration::from_nanos(1));
    assert_pending!(connected.poll());
    assert_eq!(world.dialed().len(), 1);
    assert!(run(&world, &mut connected, LONG).expect("it ends").is_ok());
    assert_eq!(world.dialed().len(), 2);
}

#[test]
fn all_who_wait_share_one_attempt_and_those_who_leave_do_not_matter() {
    let world = world(&[Attempt::Fails]);
    let mut leaves = world.ask(json!({"n": 0}));
    let mut parked = world.ask(json!({"n": 1}));
    let mut waits = world.ask(json!({"n": 2}));
    assert_pending!(leaves.poll());
    assert_pending!(parked.poll());
    assert_pending!(waits.poll());
    assert_eq!(world.dialed().len(), 1);
    drop(leaves);
    assert!(run(&world, &mut waits, Duration::from_secs(1)).is_none());
    assert_eq!((world.dialed().len(), world.connections()), (2, 1));
    assert!(parked.is_woken());
    assert_eq!(world.echo(0), 1);
    assert_eq!(assert_ready_ok!(waits.poll()), json!({"n": 2}));
    assert_pending!(parked.poll());
    assert_eq!(world.echo(0), 1);
    assert_eq!(assert_ready_ok!(parked.poll()), json!({"n": 1}));
}

/// A server that is back is found, however long nobody asked.
#[test]
fn time_in_which_nobody_waits_is_no_part_of_an_outage() {
    for attempt in [Attempt::Fails, Attempt::Hangs] {
        let world = world(&[attempt; 2]);
        let mut leaves = world.ask(json!({"n": 0}));
        assert_pending!(leaves.poll());
        drop(leaves);
        world.advance(BACKOFF.within * 10);
        let mut waits = world.ask(json!({"n": 1}));
        assert!(run(&world, &mut waits, Duration::from_secs(7)).is_none());
        assert_eq!((world.dialed().len(), world.connections()), (3, 1));
        assert_eq!(world.echo(0), 1);
        assert_eq!(assert_ready_ok!(waits.poll()), json!({"n": 1}));
    }
}

/// What it has come to since may be as dead as it looks alive, and whoever
/// comes later would wait for its failure.
#[test]
fn an_attempt_that_everybody_left_is_not_gone_on_with_much_later() {
    let world = world(&[Attempt::Hangs; 2]);
    let mut leaves = world.ask(json!({}));
    assert_pending!(leaves.poll());
    drop(leaves);
    // Soon after it is.
    world.advance(BACKOFF.attempt_timeout / 2);
    let mut leaves = world.ask(json!({}));
    assert_pending!(leaves.poll());
    drop(leaves);
    assert_eq!(world.dialed().len(), 1);
    world.advance(BACKOFF.attempt_timeout * 3);
    let mut waits = spawn(world.reconnect.connected());
    assert_pending!(waits.poll());
    assert_eq!(world.dialed().len(), 2, "dialed anew, at once");
    // And that was no failure: the next wait is the first.
    world.advance(BACKOFF.attempt_timeout);
    assert_pending!(waits.poll());
    world.advance(BACKOFF.first);
    assert!(assert_ready!(waits.poll()).is_ok());
}

#[test]
fn a_server_that_hangs_up_at_once_is_not_dialed_in_a_loop() {
    let world = world(&[]);
    let mut keep_up = spawn(world.reconnect.keep_up());
    let mut ended = 0;
    let mut why = None;
    for _ in 0..1_000 {
        if let Poll::Ready(gave_up) = keep_up.poll() {
            why = Some(gave_up);
            break;
        }
        while ended < world.connections() {
            world.remote(ended).end();
            ended += 1;
        }
        if !keep_up.is_woken() {
            world.advance(Duration::from_millis(10));
        }
    }
    let why = why.expect("it gives up");
    assert_eq!((why.bound(), why.failures()), (Bound::Attempts, 5));
    assert!(why.last().is_none());
    assert_waits(&world.dialed(), &[100, 200, 400, 800]);
}

#[test]
fn one_that_lasted_begins_anew_and_one_that_did_not_goes_on_counting() {
    let world = world(&[]);
    let mut keep_up = spawn(world.reconnect.keep_up());
    assert_pending!(keep_up.poll());
    for nth in 0..20 {
        world.advance(BACKOFF.longest);
        world.remote(nth).end();
        assert_pending!(keep_up.poll());
        world.advance(BACKOFF.first);
        assert_pending!(keep_up.poll());
        assert_eq!(world.connections(), nth + 2, "it waits longer than `first`");
    }
    for nth in 20..24 {
        world.remote(nth).end();
        assert_pending!(keep_up.poll());
        assert_eq!(world.connections(), nth + 1, "it is dialed in a loop");
        world.advance(BACKOFF.longest - Duration::from_nanos(1));
        assert_pending!(keep_up.poll());
        assert_eq!(world.connections(), nth + 2);
    }
    world.remote(24).end();
    let why = assert_ready!(keep_up.poll());
    assert_eq!((why.bound(), why.failures()), (Bound::Attempts, 5));
    assert_eq!(why.last(), None);
}

#[test]
fn clients_that_lost_a_server_together_do_not_come_back_together() {
    let redialed = |seed| {
        let backoff = Backoff {
            seed: Some(seed),
            ..BACKOFF
        };
        let world = world_with(&[], config(backoff));
        let mut keep_up = spawn(world.reconnect.keep_up());
        assert_pending!(keep_up.poll());
        world.advance(BACKOFF.longest);
        world.remote(0).end();
        run(&world, &mut keep_up, BACKOFF.first);
        world.dialed()[1]
    };
    let mut times: Vec<u64> = (0..20).map(redialed).collect();
    times.sort_unstable();
    times.dedup();
    assert!(times.len() > 5, "{times:?}");
}

#[test]
fn a_connection_that_did_not_live_is_a_failure_whatever_the_backoff() {
    let backoff = Backoff {
        longest: Duration::ZERO,
        ..BACKOFF
    };
    let world = world_with(&[], config(backoff));
    let mut keep_up = spawn(world.reconnect.keep_up());
    for nth in 0..4 {
        assert_pending!(keep_up.poll());
        world.remote(nth).end();
        assert_pending!(keep_up.poll());
        world.advance(Duration::from_millis(1));
    }
    assert_pending!(keep_up.poll());
    world.remote(4).end();
    assert_eq!(assert_ready!(keep_up.poll()).bound(), Bound::Attempts);
}

#[test]
fn attempts_that_fail_at_once_do_not_keep_the_executor_whatever_the_backoff() {
    let backoff = Backoff {
        first: Duration::ZERO,
        longest: Duration::ZERO,
        attempts: u32::MAX,
        ..BACKOFF
    };
    let world = world_with(&[Attempt::Fails; 9], config(backoff));
    let mut connected = spawn(world.reconnect.connected());
    assert_pending!(connected.poll());
    assert_eq!(world.dialed().len(), 1);
}

#[test]
fn nothing_is_dialed_before_somebody_waits() {
    let world = world(&[]);
    drop(spawn(world.reconnect.keep_up()));
    drop(world.ask(json!({})));
    assert_eq!(world.dialed(), [0; 0]);
}

#[test]
fn an_attempt_that_panics_is_the_end_for_everybody_and_nobody_hangs() {
    let world = world(&[Attempt::Panics]);
    let error = assert_ready_err!(world.ask(json!({})).poll());
    assert_eq!(error.to_string(), "an attempt to connect panicked");
    assert_ready_err!(world.ask(json!({})).poll());
}

/// As one may that panics when it is dropped, or when it finds the runtime of
/// the timer gone.
#[test]
fn a_panic_that_is_not_the_attempts_own_is_the_end_likewise() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("as the test says");
        }
    }
    let world = world(&[]);
    let dial = || async {
        let _bomb = Bomb;
        std::future::pending::<Result<Handle<Joint>, Broken>>().await
    };
    let reconnect = Reconnect::new(Dial::new(dial, world.peer.timer()), config(BACKOFF));
    let mut connected = spawn(reconnect.connected());
    let mut parked = spawn(reconnect.connected());
    assert_pending!(connected.poll());
    assert_pending!(parked.poll());
    world.advance(BACKOFF.attempt_timeout);
    for waits in [&mut connected, &mut parked] {
        let why = assert_ready_err!(waits.poll());
        assert_eq!(why.bound(), Bound::Panicked);
    }
}

#[test]
fn trying_again_begins_anew_for_everybody() {
    let world = world(&[Attempt::Fails; 7]);
    let mut parked = spawn(world.reconnect.connected());
    assert_pending!(parked.poll());
    let why = run(&world, &mut spawn(world.reconnect.connected()), LONG);
    assert_eq!(why.expect("it ends").map(drop).unwrap_err().failures(), 5);
    world.reconnect.try_again();
    assert_eq!(world.dialed().len(), 5, "dialed before somebody waits");
    // Has not heard of the end, and does not tell it to those who begin anew.
    assert_pending!(parked.poll());
    let mut call = world.ask(json!({}));
    assert!(run(&world, &mut call, Duration::from_secs(1)).is_none());
    assert!(assert_ready!(parked.poll()).is_ok());
    assert_eq!((world.dialed().len(), world.echo(0)), (8, 1));
    world.reconnect.try_again();
    assert_ready_ok!(call.poll());
    assert_eq!(world.connections(), 1, "it has not given up");
    drop(world.reconnect.stop());
    world.reconnect.try_again();
    assert_ready_err!(world.ask(json!({})).poll());
}

#[test]
fn the_last_error_is_there_until_there_is_a_connection() {
    let world = world(&[Attempt::Fails, Attempt::Hangs, Attempt::Fails]);
    let last = || world.reconnect.last_error().as_deref().cloned();
    let mut connected = spawn(world.reconnect.connected());
    assert_eq!(last(), None);
    assert_pending!(connected.poll());
    assert_eq!(last(), Some(Broken));
    while world.dialed().len() < 2 {
        world.advance(Duration::from_millis(10));
        assert_pending!(connected.poll());
    }
    world.advance(BACKOFF.attempt_timeout);
    assert_pending!(connected.poll());
    assert_eq!(last(), None, "it only took too long");
    world.advance(BACKOFF.longest - Duration::from_millis(500));
    assert_pending!(connected.poll());
    assert_eq!((last(), world.dialed().len()), (Some(Broken), 3));
    assert!(run(&world, &mut connected, LONG).expect("it ends").is_ok());
    assert_eq!(last(), None);
}
