//! A flood of frames keeps nobody from their turn.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use await_layer::{CallError, Limits};
use await_layer_testkit::words::{Kind, Word};

use crate::rig::{Task, proof, rig};
use crate::{scaled, shown};

#[test]
fn f17_a_flooded_driver_yields_and_calls_and_timers_go_on() {
    let flood = scaled(1_000_000, 50_000) as u64;
    let limits = Limits::default();
    let turn = limits.frames_per_turn as u64;
    let rig = rig(limits);
    let mut driver = rig.handle.driver();
    let mut fed = 0;
    let mut number = 0;
    let mut most_read = 0;
    let mut most_turns = 0;
    let mut asked = 0;
    let mut overdue = Task::new(
        rig.handle
            .send_await::<Word>(&Word::new(u64::MAX))
            .timeout(Duration::from_millis(50)),
    );
    assert!(overdue.run().is_none());
    let mut expired = false;
    let mut call: Option<(u64, Task<_>)> = None;
    // As many frames wait as a turn may read, and twice over, at any time.
    while fed < flood {
        while rig.remote.unread() < 2 * limits_of(turn) && fed < flood {
            rig.remote.feed(Word::new(fed));
            fed += 1;
        }
        // One caller per turn of the flood; a turn stands for a millisecond.
        rig.timer.advance(Duration::from_millis(1));
        let (turns, task) = call.get_or_insert_with(|| {
            number += 1;
            asked += 1;
            let call = rig.handle.send_await::<Word>(&Word::new(number));
            (0, Task::new(call))
        });
        *turns += 1;
        let answered = task.turn();
        let before = rig.handle.stats().read;
        assert!(poll(&mut driver).is_pending());
        let read = rig.handle.stats().read - before;
        most_read = most_read.max(read);
        for word in rig.remote.take_written() {
            if word.kind == Kind::Request && word.number != u64::MAX {
                rig.remote.feed(word.reply(proof(word.number)));
            }
        }
        if let Some(reply) = answered {
            assert_eq!(reply.expect("a reply").number, proof(number));
            most_turns = most_turns.max(*turns);
            call = None;
        }
        if let Some(outcome) = overdue.turn().filter(|_| !expired) {
            assert!(matches!(outcome, Err(CallError::Timeout { .. })));
            expired = true;
        }
    }
    assert!(most_read <= turn, "{most_read} frames in one poll");
    // Written in the first, then behind what waited, then taken.
    assert!(most_turns <= 6, "a call took {most_turns} turns");
    assert!(expired, "the timer was heard");
    assert!(asked > 100, "{asked}");
    shown!(
        "F17",
        "{flood} frames without a pause: at most {most_read} in a poll, each of {asked} calls \
         answered within {most_turns} turns"
    );
}

fn limits_of(turn: u64) -> usize {
    usize::try_from(turn).expect("small")
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
