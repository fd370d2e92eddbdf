//! Pending calls that are dropped, in the order they were begun or in none.

use std::time::Duration;

use await_layer_testkit::rng::Rng;
use cpu_time::ThreadTime;

use crate::contender::{CAPACITY, frame};
use crate::rig::{Rig, poll};

const CALLS: usize = 1_000_000;

/// What the calls wait for when they are cancelled.
#[derive(Clone, Copy)]
enum Wait {
    Reply,
    /// The transport is full and nobody reads.
    Room,
    /// One other call is in flight, and no more may be.
    Permit,
}

pub(crate) fn measure(pending: usize) -> Vec<f64> {
    let mut figures = Vec::new();
    for wait in [Wait::Reply, Wait::Room, Wait::Permit] {
        for random in [false, true] {
            figures.push(cancel(wait, pending, random));
        }
    }
    figures
}

/// Nanoseconds per cancelled call, what the driver then does included.
fn cancel(wait: Wait, pending: usize, random: bool) -> f64 {
    let mut rig = match wait {
        Wait::Reply => Rig::new(CAPACITY, pending),
        Wait::Room => Rig::new(1, pending),
        Wait::Permit => Rig::new(1, 1),
    };
    let mut rng = Rng::new(1);
    let rounds = CALLS.div_ceil(pending);
    let frame = frame();
    let mut calls = Vec::with_capacity(pending);
    let mut time = Duration::ZERO;
    for _ in 0..rounds {
        while calls.len() < pending {
            for _ in 0..CAPACITY.min(pending - calls.len()) {
                let mut call = rig.handle.send_await(frame);
                assert!(poll(&mut call).is_pending());
                calls.push(call);
            }
            rig.drive();
            while matches!(wait, Wait::Reply) && rig.read().is_some() {}
        }
        if random {
            rng.shuffle(&mut calls);
        }
        let start = ThreadTime::now();
        calls.clear();
        rig.drive();
        time += start.elapsed();
    }
    let cancelled = (rounds * pending) as u64;
    assert_eq!(rig.handle.stats().cancelled, cancelled);
    time.as_nanos() as f64 / cancelled as f64
}
