//! Calls each of which has a deadline of its own.

use std::task::Poll;
use std::time::Duration;

use await_layer_testkit::rng::Rng;
use cpu_time::ThreadTime;

use crate::contender::{CAPACITY, frame};
use crate::rig::{Asked, Rig, poll};

const CALLS: usize = 200_000;
const STEP: Duration = Duration::from_millis(1);

pub(crate) fn measure(pending: usize) -> Vec<f64> {
    let mut rng = Rng::new(1);
    // The call that is due at each step, in the order they are begun.
    let mut steps = (0..pending).collect::<Vec<_>>();
    rng.shuffle(&mut steps);
    let measured = [expire, answer].map(|end| {
        let mut rig = Rig::new(CAPACITY, pending);
        let mut nanos = 0.0;
        let rounds = CALLS.div_ceil(pending);
        for round in 0..=rounds {
            let start = ThreadTime::now();
            end(&mut rig, &steps);
            // The first is to warm up.
            if round > 0 {
                nanos += start.elapsed().as_nanos() as f64;
            }
        }
        nanos / (rounds * pending) as f64
    });
    measured.to_vec()
}

/// Begins the calls; `sent` is told what the far end reads.
fn begin(rig: &mut Rig, steps: &[usize], mut sent: impl FnMut(&mut Rig)) -> Vec<Asked> {
    let frame = frame();
    let mut calls = Vec::with_capacity(steps.len());
    for chunk in steps.chunks(CAPACITY) {
        for step in chunk {
            let within = STEP * (*step as u32 + 1);
            let mut call = rig.handle.send_await(frame).timeout(within);
            assert!(poll(&mut call).is_pending());
            calls.push(call);
        }
        rig.drive();
        sent(rig);
    }
    calls
}

/// Every step of the clock is the end of one call.
fn expire(rig: &mut Rig, steps: &[usize]) {
    let mut calls = begin(rig, steps, |rig| while rig.read().is_some() {});
    let mut at = vec![0; steps.len()];
    for (call, step) in steps.iter().enumerate() {
        at[*step] = call;
    }
    for call in at {
        assert!(poll(&mut calls[call]).is_pending());
        rig.timer.advance(STEP);
        rig.drive();
        assert_eq!(poll(&mut calls[call]), Poll::Ready(false));
    }
}

fn answer(rig: &mut Rig, steps: &[usize]) {
    let mut frames = Vec::with_capacity(steps.len());
    let mut calls = begin(rig, steps, |rig| {
        while let Some(frame) = rig.read() {
            frames.push(frame);
        }
    });
    let mut calls = calls.iter_mut();
    while !frames.is_empty() {
        let some = CAPACITY.min(frames.len());
        for frame in frames.drain(..some) {
            rig.answer(frame);
        }
        rig.drive();
        for call in calls.by_ref().take(some) {
            assert_eq!(poll(call), Poll::Ready(true));
        }
    }
    assert!(calls.next().is_none(), "all are answered");
}
