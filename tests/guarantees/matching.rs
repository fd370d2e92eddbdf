//! The right reply to the right caller, whatever else comes.

use std::time::Duration;

use await_layer::{CallError, Limits, ManualTimer, WsAwait, memory};
use await_layer_testkit::rng::Rng;
use await_layer_testkit::script::Op;
use await_layer_testkit::words::{Kind, Word};
use futures::{FutureExt, SinkExt, StreamExt};
use serde::{Deserialize, Serialize};

use crate::rig::{Asked, Rig, Task, finish, proof, requests, rig, room_for};
use crate::{scaled, shown};

/// Begins so many calls and returns them with the requests that were written.
fn ask(rig: &Rig, calls: usize) -> (Vec<Task<Asked>>, Vec<Word>) {
    let mut driver = Task::new(rig.handle.driver());
    let mut tasks: Vec<_> = (0..calls as u64)
        .map(|number| Task::new(rig.handle.send_await::<Word>(&Word::new(number))))
        .collect();
    for task in &mut tasks {
        assert!(task.run().is_none());
    }
    assert!(driver.run().is_none());
    let written = requests(rig.remote.take_written());
    assert_eq!(written.len(), calls);
    (tasks, written)
}

/// Every call has the reply that belongs to it.
fn check(tasks: &mut [Task<Asked>]) {
    for (number, outcome) in finish(tasks).into_iter().enumerate() {
        let reply = outcome.expect("a reply");
        assert_eq!(reply.number, proof(number as u64));
        assert_eq!(reply.extra, 0, "the first answer counts");
    }
}

#[test]
fn f02_replies_in_any_order_reach_their_own_callers() {
    let calls = scaled(10_000, 10_000);
    for seed in 0..10 {
        let rig = rig(room_for(calls));
        let (mut tasks, mut written) = ask(&rig, calls);
        Rng::new(seed).shuffle(&mut written);
        for request in &written {
            rig.remote.feed(request.reply(proof(request.number)));
        }
        check(&mut tasks);
        assert_eq!(rig.handle.in_flight(), 0);
    }
    shown!("F2", "10 x {calls} concurrent calls: 0 mismatches");
}

#[test]
fn f03_of_several_answers_the_first_counts_and_none_is_a_request() {
    let calls = 1000;
    let rounds = 10;
    let mut rig = rig(Limits {
        unmatched_budget: usize::MAX,
        ..room_for(calls)
    });
    let mut rng = Rng::new(3);
    let mut late = Vec::new();
    let mut repeated = 0;
    for _ in 0..rounds {
        let (mut tasks, mut written) = ask(&rig, calls);
        // Of the round before: its slots have new owners now.
        late.drain(..).for_each(|reply| rig.remote.feed(reply));
        rng.shuffle(&mut written);
        for request in &written {
            let reply = request.reply(proof(request.number));
            rig.remote.feed(reply);
            for extra in 0..1 + rng.below(4) {
                repeated += 1;
                let again = Word {
                    number: 0,
                    extra: 1 + extra as u64,
                    ..reply
                };
                if rng.chance(0.5) {
                    rig.remote.feed(again);
                } else {
                    late.push(again);
                }
            }
        }
        check(&mut tasks);
    }
    late.drain(..).for_each(|reply| rig.remote.feed(reply));
    let mut events = Task::new(rig.incoming.next());
    assert!(events.run().is_none(), "nothing surfaces");
    let stats = rig.handle.stats();
    assert_eq!(stats.late + stats.unknown, repeated);
    assert_eq!((stats.requests, stats.refused), (0, 0));
    shown!(
        "F3",
        "{} calls, {repeated} further answers: all counted, none delivered",
        calls * rounds
    );
}

#[test]
fn f04_a_reply_after_the_deadline_reaches_nobody_where_kinds_are_marked() {
    let calls = 10_000;
    let mut rig = rig(room_for(calls));
    rig.handle.set_call_timeout(Duration::from_millis(10));
    let (mut tasks, written) = ask(&rig, calls);
    rig.timer.advance(Duration::from_millis(10));
    for outcome in finish(&mut tasks) {
        assert!(matches!(outcome, Err(CallError::Timeout { .. })));
    }
    rig.timer.advance(Duration::from_nanos(1));
    for request in &written {
        rig.remote.feed(request.reply(1));
    }
    let mut events = Task::new(rig.incoming.next());
    assert!(events.run().is_none());
    let stats = rig.handle.stats();
    assert_eq!(stats.late + stats.unknown, calls as u64);
    assert_eq!((stats.requests, stats.refused), (0, 0));
    assert_eq!(rig.handle.close_reason(), None);
    shown!(
        "F4",
        "{calls} replies one tick late, kinds marked: 0 delivered"
    );
}

#[derive(Deserialize, Serialize)]
struct Body {
    number: u64,
}

#[test]
fn f04_nor_does_it_on_ws_await_where_they_are_not() {
    let calls = scaled(10_000, 2000);
    let (near, mut far) = memory::pair::<String>(2 * calls);
    let timer = ManualTimer::new();
    let layer = await_layer::AwaitLayer::with(near, WsAwait::new(), timer.clone(), room_for(calls));
    let (handle, mut incoming) = layer.split();
    handle.set_call_timeout(Duration::from_millis(10));
    let mut driver = Task::new(handle.driver());
    let mut tasks: Vec<_> = (0..calls as u64)
        .map(|number| Task::new(handle.send_await::<Body>(&Body { number })))
        .collect();
    for task in &mut tasks {
        assert!(task.run().is_none());
    }
    assert!(driver.run().is_none());
    let mut written = Vec::new();
    while let Some(Some(Ok(frame))) = far.next().now_or_never() {
        written.push(frame);
    }
    assert_eq!(written.len(), calls);
    // Half of them in time: the same wire does deliver.
    let late = written.split_off(calls / 2);
    for frame in written {
        assert!(matches!(far.feed(frame).now_or_never(), Some(Ok(()))));
    }
    assert!(driver.run().is_none());
    for (number, task) in tasks.iter_mut().take(calls / 2).enumerate() {
        let reply = task.run().expect("answered").expect("a reply");
        assert_eq!(reply.number, number as u64);
    }
    timer.advance(Duration::from_millis(10));
    assert!(driver.run().is_none());
    for task in tasks.iter_mut().skip(calls / 2) {
        let outcome = task.run().expect("due");
        assert!(matches!(outcome, Err(CallError::Timeout { .. })));
    }
    timer.advance(Duration::from_nanos(1));
    let replies = late.len() as u64;
    for frame in late {
        assert!(matches!(far.feed(frame).now_or_never(), Some(Ok(()))));
    }
    let mut events = Task::new(incoming.next());
    assert!(events.run().is_none());
    let stats = handle.stats();
    assert_eq!(stats.late + stats.unknown, replies);
    assert_eq!(stats.requests, 0, "no reply is taken for a request");
    assert_eq!(handle.close_reason(), None);
    shown!(
        "F4",
        "{replies} replies one tick late on ws-await: 0 delivered"
    );
}

#[test]
fn f07_a_reply_that_comes_while_its_request_is_sent_is_matched() {
    let calls = 10_000;
    for during in [Op::Send, Op::Flush] {
        let rig = rig(room_for(calls));
        let answer = |word: &Word, remote: &await_layer_testkit::script::Remote<Word, _>| {
            if word.kind == Kind::Request {
                remote.feed(word.reply(proof(word.number)));
            }
        };
        match during {
            Op::Send => rig.remote.on_send(answer),
            _ => rig.remote.on_flush(answer),
        }
        let mut tasks: Vec<_> = (0..calls as u64)
            .map(|number| Task::new(rig.handle.send_await::<Word>(&Word::new(number))))
            .collect();
        let mut matched = 0;
        while matched < calls {
            let before = matched;
            for (number, task) in tasks.iter_mut().enumerate() {
                if let Some(reply) = task.turn() {
                    assert_eq!(reply.expect("a reply").number, proof(number as u64));
                    matched += 1;
                }
            }
            assert!(matched > before || matched == 0, "stuck at {matched}");
        }
        let stats = rig.handle.stats();
        assert_eq!((stats.late, stats.unknown), (0, 0));
    }
    shown!(
        "F7",
        "2 x {calls} replies before the send returned: 100 % matched"
    );
}
