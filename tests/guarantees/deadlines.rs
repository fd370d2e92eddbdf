//! Neither early nor late, though the sink is stuck and the clock jumps.

use std::time::Duration;

use await_layer::{CallError, Limits, Timer};
use await_layer_testkit::rng::Rng;
use await_layer_testkit::script::Op;
use await_layer_testkit::words::Word;

use crate::rig::{Task, rig};
use crate::{scaled, shown};

const MILLI: u64 = 1_000_000;
const SPAN: usize = 60_000;

#[test]
fn f09_every_deadline_is_met_to_the_tick_with_a_stuck_sink_and_a_flooded_reader() {
    let calls = scaled(100_000, 10_000);
    // Most wait for a permit, the rest in the queue.
    let limits = Limits::default();
    let turn = limits.frames_per_turn;
    let rig = rig(limits);
    rig.remote.pend(Op::Ready);
    let mut rng = Rng::new(9);
    let mut driver = Task::new(rig.handle.driver());
    let start = rig.timer.now();
    let mut waiting = Vec::with_capacity(calls);
    for number in 0..calls as u64 {
        let timeout = match number % 1000 {
            0 => Duration::ZERO,
            1 => Duration::MAX,
            _ => Duration::from_millis(1 + rng.below(SPAN) as u64),
        };
        let call = rig.handle.send_await::<Word>(&Word::new(number));
        waiting.push((timeout, Task::new(call.timeout(timeout))));
    }
    let mut early = 0_usize;
    let mut late = 0_usize;
    let mut expired = 0_usize;
    let mut endless = 0_usize;
    let mut now = 0_u64;
    let mut previous = 0_u64;
    let mut flood = 0_u64;
    loop {
        // A peer that never pauses: twice what a turn reads is there before each.
        // The first turn may be what arms the alarm, the next then hears it.
        for _ in 0..2 {
            while rig.remote.unread() < 2 * turn {
                rig.remote.feed(Word::new(0));
            }
            let before = rig.handle.stats().read;
            assert!(driver.turn().is_none());
            let read = rig.handle.stats().read - before;
            assert_eq!(read, turn as u64, "it was not flooded");
            flood += read;
        }
        let moment = (rig.timer.now() - start) / MILLI;
        // Those turns have ended all that are due: they did not leave them to
        // whoever finds nothing to read. At the start none has begun.
        let due = |(timeout, _): &&(Duration, _)| timeout.as_millis() <= u128::from(moment);
        let due = waiting.iter().filter(due).count() + expired;
        let ended = rig.handle.stats().expired;
        assert!(moment == 0 || ended == due as u64, "{ended} of {due}");
        waiting.retain_mut(|(timeout, task)| match task.run() {
            None => true,
            Some(outcome) => {
                assert!(matches!(outcome, Err(CallError::Timeout { .. })));
                let due = timeout.as_millis() as u64;
                early += usize::from(due > moment);
                // It was due after the last moment at which anybody looked.
                late += usize::from(due <= previous && previous > 0);
                expired += 1;
                false
            }
        });
        if now > SPAN as u64 {
            break;
        }
        previous = moment;
        // A tick, and now and then a jump as after a suspend.
        let step = if rng.chance(0.001) { 2000 } else { 20 };
        now += step;
        rig.timer.advance(Duration::from_millis(step));
    }
    for (timeout, _) in &waiting {
        assert_eq!(*timeout, Duration::MAX);
        endless += 1;
    }
    assert_eq!((early, late), (0, 0));
    assert_eq!(expired + endless, calls);
    shown!(
        "F9",
        "{calls} deadlines from 0 to 60 s: {expired} met, 0 early, 0 later than the first tick after, \
         {endless} without end wait; each of the driver's turns read {turn} frames and left as many, {flood} in all"
    );
}
