//! Calls that are made together leave together.

use std::ops::RangeInclusive;

use await_layer_testkit::script::Op;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::stage::{reply_to, stage};

const ROUNDS: u64 = 20;

const BURSTS: RangeInclusive<usize> = 2..=64;

/// Flushes of so many tasks that make `ROUNDS` calls each, on a scheduler that
/// runs them in turn. The peer answers what is flushed.
fn flushes(tasks: usize, spawned_driver: bool) -> u64 {
    let (stage, _incoming) = stage();
    stage.remote.on_flush(|request, remote| {
        remote.feed(reply_to(request, "yes"));
    });
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        if spawned_driver {
            tokio::spawn(stage.handle.driver());
        }
        let mut callers = JoinSet::new();
        for _ in 0..tasks {
            let handle = stage.handle.clone();
            callers.spawn(async move {
                for _ in 0..ROUNDS {
                    let reply = handle.send_await::<String>("well?").await;
                    assert_eq!(reply.as_deref(), Ok("yes"));
                }
            });
        }
        while let Some(done) = callers.join_next().await {
            done.expect("no caller panics");
        }
    });
    stage.remote.calls(Op::Flush)
}

#[test]
fn calls_of_one_tick_share_a_flush_of_the_driver() {
    for tasks in BURSTS {
        assert_eq!(flushes(tasks, true), ROUNDS, "{tasks} at once");
    }
}

#[test]
fn calls_of_one_tick_share_few_flushes_without_a_driver() {
    assert_eq!(flushes(1, false), ROUNDS);
    for tasks in BURSTS {
        // Who drives first goes alone and stays ahead of the others; some more
        // go alone while the turn passes from call to call.
        let most = ROUNDS * 5 / 2;
        let flushes = flushes(tasks, false);
        assert!(flushes <= most, "{tasks} at once: {flushes}");
    }
}
