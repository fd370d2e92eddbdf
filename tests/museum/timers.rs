//! Deadlines are met: not early, not late, whatever else happens.

use std::task::{Context, Poll};
use std::time::Duration;

use await_layer::{
    AwaitLayer, CallError, Limits, ManualSleep, ManualTimer, Sent, Sleep, SlotIds, Timer,
};
use await_layer_testkit::rng::Rng;
use await_layer_testkit::script::{self, Op};

use crate::stage::{Broken, Letters, Task, reply_to, requests, stage, stage_with};

#[test]
fn a_deadline_covers_the_queue_and_an_expired_call_is_never_written() {
    let (stage, _incoming) = stage();
    stage.remote.pend(Op::Ready);
    let mut call = stage.ask_within(10, "late");
    assert!(call.run().is_none());
    stage.timer.advance(Duration::from_millis(9));
    assert!(call.run().is_none());
    stage.timer.advance(Duration::from_millis(1));
    let expired = Err(CallError::Timeout {
        sent: Sent::No,
        frame: Some("late".to_owned()),
    });
    assert_eq!(call.run(), Some(expired));
    stage.remote.resume(Op::Ready);
    let mut next = stage.ask("next");
    assert!(next.run().is_none());
    requests(&stage.remote, &["next"]);
}

#[test]
fn a_deadline_covers_the_flush_and_says_that_it_may_be_sent() {
    let (stage, _incoming) = stage();
    stage.remote.pend(Op::Flush);
    let mut call = stage.ask_within(10, "stuck");
    assert!(call.run().is_none());
    stage.timer.advance(Duration::from_millis(10));
    let expired = Err(CallError::Timeout {
        sent: Sent::Maybe,
        frame: None,
    });
    assert_eq!(call.run(), Some(expired));
}

#[test]
fn a_deadline_covers_the_wait_for_a_permit() {
    let (stage, _incoming) = stage_with(Limits {
        max_in_flight: 1,
        ..Limits::default()
    });
    let mut first = stage.ask("first");
    let mut second = stage.ask_within(10, "second");
    assert!(first.run().is_none() && second.run().is_none());
    first.run();
    let request = requests(&stage.remote, &["first"]).remove(0);
    stage.timer.advance(Duration::from_millis(10));
    first.run();
    let expired = Err(CallError::Timeout {
        sent: Sent::No,
        frame: Some("second".to_owned()),
    });
    assert_eq!(second.run(), Some(expired));
    stage.remote.feed(reply_to(&request, "one"));
    assert_eq!(first.run(), Some(Ok("one".to_owned())));
    assert!(stage.remote.take_written().is_empty());
}

#[test]
fn of_many_deadlines_none_is_early_and_none_late() {
    const SPAN: usize = 300;
    for seed in 0..5 {
        let mut rng = Rng::new(seed);
        let (stage, _incoming) = stage();
        let mut driver = Task::new(stage.handle.driver());
        assert!(driver.run().is_none());
        let mut calls = Vec::new();
        let mut expired = 0;
        for now in 0..2 * SPAN as u64 {
            // Earlier ones, later ones, the same again, and some go away.
            for _ in 0..rng.below(4) {
                if now < SPAN as u64 {
                    let millis = [10, 100, 1 + rng.below(SPAN) as u64][rng.below(3)];
                    let mut call = stage.ask_within(millis, "x");
                    assert!(call.poll().is_pending());
                    calls.push((now + millis, call));
                }
            }
            if !calls.is_empty() && rng.chance(0.2) {
                calls.swap_remove(rng.below(calls.len()));
            }
            assert!(driver.run().is_none());
            let next = calls.iter().map(|(due, _)| due * 1_000_000).min();
            if let Some(next) = next {
                let armed = stage.timer.next_deadline();
                assert!(armed.is_some_and(|at| at <= next), "{armed:?} for {next}");
            }
            stage.timer.advance(Duration::from_millis(1));
            assert!(driver.run().is_none());
            calls.retain_mut(|(due, call)| {
                let outcome = call.run();
                assert_eq!(outcome.is_some(), *due == now + 1, "seed {seed}: at {now}");
                expired += usize::from(outcome.is_some());
                outcome.is_none()
            });
        }
        assert!(calls.is_empty());
        assert!(expired > SPAN, "{expired}");
    }
}

#[test]
fn time_passes_without_traffic() {
    let (stage, _incoming) = stage();
    let mut calls = [10, 20, 500].map(|millis| (millis, stage.ask_within(millis, "x")));
    for (_, call) in &mut calls {
        assert!(call.run().is_none());
    }
    for now in 1..=500 {
        stage.timer.advance(Duration::from_millis(1));
        // The designee comes first, or last.
        for _ in 0..2 {
            for (due, call) in &mut calls {
                if let Some(outcome) = call.run() {
                    assert_eq!(now, *due);
                    assert!(matches!(outcome, Err(CallError::Timeout { .. })));
                }
            }
        }
    }
    assert_eq!(stage.handle.stats().expired, 3);
}

#[test]
fn a_call_without_end_neither_expires_nor_panics() {
    let (stage, _incoming) = stage();
    let huge = [
        Duration::MAX,
        Duration::from_nanos(u64::MAX),
        Duration::from_secs(1 << 40),
    ];
    let mut calls =
        huge.map(|timeout| Task::new(stage.handle.send_await::<String>("x").timeout(timeout)));
    for _ in 0..2 {
        for call in &mut calls {
            assert!(call.run().is_none());
        }
    }
    stage.timer.set(u64::MAX - 1);
    for _ in 0..2 {
        for call in &mut calls {
            assert!(call.run().is_none());
        }
    }
    assert_eq!(stage.timer.now(), u64::MAX - 1);
    let written = requests(&stage.remote, &["x", "x", "x"]);
    for request in &written {
        stage.remote.feed(reply_to(request, "at last"));
    }
    let mut outcomes = 0;
    for _ in 0..3 {
        outcomes += calls
            .iter_mut()
            .filter_map(Task::run)
            .filter(Result::is_ok)
            .count();
    }
    assert_eq!(outcomes, 3);
}

#[test]
fn no_time_at_all_fails_unless_the_reply_is_there() {
    let (stage, _incoming) = stage();
    let mut call = stage.ask_within(0, "now");
    let outcome = call.run();
    assert!(
        matches!(outcome, Some(Err(CallError::Timeout { .. }))),
        "{outcome:?}"
    );
}

#[test]
fn a_reply_that_is_there_beats_a_deadline_that_has_passed() {
    let (stage, _incoming) = stage();
    let mut call = stage.ask_within(10, "slow");
    assert!(call.run().is_none());
    let request = requests(&stage.remote, &["slow"]).remove(0);
    // Its task is late for both.
    stage.remote.feed(reply_to(&request, "yes"));
    stage.timer.advance(Duration::from_millis(20));
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
}

#[test]
fn a_reply_that_was_received_beats_the_deadline() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    let mut call = stage.ask_within(10, "slow to look");
    assert!(call.poll().is_pending() && driver.run().is_none());
    let request = requests(&stage.remote, &["slow to look"]).remove(0);
    stage.remote.feed(reply_to(&request, "yes"));
    assert!(driver.run().is_none());
    stage.timer.advance(Duration::from_secs(1));
    assert!(driver.run().is_none());
    assert_eq!(call.run(), Some(Ok("yes".to_owned())));
}

#[test]
fn a_changed_timeout_holds_for_the_calls_that_start_then() {
    let (stage, _incoming) = stage();
    let mut before = stage.ask("before");
    stage.handle.set_call_timeout(Duration::from_millis(5));
    let mut after = stage.ask("after");
    assert!(before.run().is_none() && after.run().is_none());
    stage.timer.advance(Duration::from_millis(5));
    assert!(matches!(after.run(), Some(Err(CallError::Timeout { .. }))));
    assert!(before.run().is_none());
    stage.timer.advance(Limits::default().call_timeout);
    assert!(matches!(before.run(), Some(Err(CallError::Timeout { .. }))));
}

/// A clock whose sleeps wake after half of their time, and then no more until
/// they are polled again.
struct Hasty(ManualTimer);

struct HastySleep {
    clock: ManualTimer,
    sleep: ManualSleep,
}

impl Timer for Hasty {
    type Sleep = HastySleep;

    fn now(&self) -> u64 {
        self.0.now()
    }

    fn sleep(&self) -> HastySleep {
        HastySleep {
            clock: self.0.clone(),
            sleep: self.0.sleep(),
        }
    }
}

impl Sleep for HastySleep {
    fn poll_until(&mut self, deadline: u64, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.clock.now();
        let half_way = now + deadline.saturating_sub(now).div_ceil(2);
        self.sleep.poll_until(half_way, cx)
    }
}

#[test]
fn a_sleep_that_wakes_early_neither_fails_a_call_nor_loses_its_deadline() {
    let timer = ManualTimer::new();
    let (io, remote) = script::scripted::<String, Broken>();
    let protocol = Letters {
        ids: SlotIds::<u64>::new(),
        answers_cancelled: true,
    };
    let layer = AwaitLayer::with(io, protocol, Hasty(timer.clone()), Limits::default());
    let (handle, _incoming) = layer.split();
    let mut driver = Task::new(handle.driver());
    let call = handle.send_await::<String>("slow");
    let mut call = Task::new(call.timeout(Duration::from_millis(10)));
    assert!(call.poll().is_pending() && driver.run().is_none());
    requests(&remote, &["slow"]);
    for _ in 0..9 {
        timer.advance(Duration::from_millis(1));
        assert!(driver.run().is_none() && call.run().is_none());
    }
    timer.advance(Duration::from_millis(1));
    assert!(driver.run().is_none());
    let expired = Err(CallError::Timeout {
        sent: Sent::Yes,
        frame: None,
    });
    assert_eq!(call.run(), Some(expired));
}
