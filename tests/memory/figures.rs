//! How each figure is measured.

use std::task::Poll;

use await_layer::{Call, Event, WsAwait, memory};
use await_layer_testkit::alloc::Region;
use await_layer_testkit::words::{Kind, Word, Words};
use futures::{FutureExt, StreamExt};
use serde::{Deserialize, Serialize};

use crate::bench::{Bench, LinkOf, ROOM, layer, poll};

const WORD: Word = Word::new(7);

/// Rounds before measuring: tables and buffers reach their size.
const WARM_UP: usize = 1000;
const ROUNDS: usize = 10_000;

/// Allocations and reallocations per round, once warm.
fn allocations(mut round: impl FnMut()) -> f64 {
    (0..WARM_UP).for_each(|_| round());
    let region = Region::start();
    (0..ROUNDS).for_each(|_| round());
    let change = region.change();
    (change.allocations + change.reallocations) as f64 / ROUNDS as f64
}

fn reply(word: Word) -> Option<Word> {
    (word.kind == Kind::Request).then(|| word.reply(word.number))
}

pub(crate) fn call_alone() -> f64 {
    let mut bench = Bench::new(Words::new());
    allocations(|| {
        let mut call = bench.handle.send_await::<Word>(&WORD);
        assert!(poll(&mut call).is_pending());
        bench.answer(reply);
        assert!(matches!(poll(&mut call), Poll::Ready(Ok(_))));
    })
}

/// Polls until all are done; who drives is up to the hub.
fn finish(bench: &mut Bench<Words>, calls: &mut Vec<Call<LinkOf<Words>, Word>>) {
    while !calls.is_empty() {
        let before = calls.len();
        for _ in 0..3 {
            calls.retain_mut(|call| match poll(call) {
                Poll::Pending => true,
                Poll::Ready(outcome) => outcome.is_err(),
            });
            bench.answer(reply);
        }
        assert!(calls.len() < before, "stuck, or a call failed");
    }
}

pub(crate) fn call_of_many() -> f64 {
    const CALLS: usize = 100;
    let mut bench = Bench::new(Words::new());
    let mut calls = Vec::with_capacity(CALLS);
    allocations(|| {
        calls.extend((0..CALLS).map(|_| bench.handle.send_await::<Word>(&WORD)));
        finish(&mut bench, &mut calls);
    }) / CALLS as f64
}

pub(crate) fn message() -> f64 {
    let mut bench = Bench::new(Words::new());
    allocations(|| {
        let mut sending = bench.handle.send(&WORD);
        assert!(matches!(poll(&mut sending), Poll::Ready(Ok(()))));
        bench.answer(|_| None);
    })
}

pub(crate) fn both_ends() -> f64 {
    let (near, far) = memory::pair(ROOM);
    let here = layer(near).handle();
    let (_there, mut to_there) = layer(far).split();
    allocations(|| {
        let mut call = here.send_await::<Word>(&WORD);
        assert!(poll(&mut call).is_pending());
        let Some(Some(Event::Request(request))) = to_there.next().now_or_never() else {
            panic!("no request");
        };
        let mut answer = request.responder.reply(&WORD);
        while poll(&mut answer).is_pending() {}
        assert!(matches!(poll(&mut call), Poll::Ready(Ok(_))));
    })
}

#[derive(Deserialize, Serialize)]
struct Body {
    n: u32,
}

/// Packing, id, sealing, reading the id, stripping and unpacking included. On
/// this wire a request that comes back unchanged is its own reply.
pub(crate) fn ws_await() -> f64 {
    let mut bench = Bench::new(WsAwait::<String>::new());
    allocations(|| {
        let mut call = bench.handle.send_await::<Body>(&Body { n: 7 });
        assert!(poll(&mut call).is_pending());
        bench.answer(Some);
        assert!(matches!(poll(&mut call), Poll::Ready(Ok(Body { n: 7 }))));
    })
}

const CANCELLED: usize = 1_000_000;
const BATCH: usize = 100;

/// What a million calls leave behind that are begun and dropped in batches.
fn left_by_cancelled(mut bench: Bench<Words>, mut drive: impl FnMut(&mut Bench<Words>)) -> f64 {
    let mut calls = Vec::with_capacity(BATCH);
    let mut batch = |bench: &mut Bench<Words>| {
        calls.extend((0..BATCH).map(|_| bench.handle.send_await::<Word>(&WORD)));
        for call in &mut calls {
            assert!(poll(call).is_pending());
        }
        drive(bench);
        calls.clear();
        drive(bench);
    };
    for _ in 0..WARM_UP / BATCH {
        batch(&mut bench);
    }
    let region = Region::start();
    for _ in 0..CANCELLED / BATCH {
        batch(&mut bench);
    }
    let left = region.change().live_bytes;
    assert_eq!(bench.handle.in_flight(), 0);
    let stats = bench.handle.stats();
    assert_eq!(stats.cancelled, (WARM_UP + CANCELLED) as u64);
    left.unsigned_abs() as f64
}

pub(crate) fn cancelled_sent() -> f64 {
    let mut frames = 0;
    let left = left_by_cancelled(Bench::new(Words::new()), |bench| {
        // Turns are bounded: poll until nothing moves.
        let mut driver = bench.handle.driver();
        let mut moved = true;
        while moved {
            assert!(poll(&mut driver).is_pending());
            moved = false;
            bench.answer(|_| {
                frames += 1;
                moved = true;
                None
            });
        }
    });
    let calls = WARM_UP + CANCELLED;
    assert_eq!(frames, 2 * calls, "each was sent, and cancelled");
    left
}

pub(crate) fn cancelled_unsent() -> f64 {
    // One message, which nobody reads, and the transport is full.
    let bench = Bench::with_room(1, Words::new());
    assert!(matches!(
        poll(&mut bench.handle.send(&WORD)),
        Poll::Ready(Ok(()))
    ));
    let handle = bench.handle.clone();
    let left = left_by_cancelled(bench, |bench| {
        assert!(poll(&mut bench.handle.driver()).is_pending());
    });
    assert_eq!(handle.stats().written, 1, "none was sent");
    left
}

pub(crate) fn idle_end() -> f64 {
    const PAIRS: usize = 1000;
    let mut ends = Vec::with_capacity(2 * PAIRS);
    let region = Region::start();
    for _ in 0..PAIRS {
        let (near, far) = memory::pair::<Word>(64);
        ends.push(layer(near));
        ends.push(layer(far));
    }
    region.change().live_bytes as f64 / ends.len() as f64
}

pub(crate) fn pending_call() -> f64 {
    const CALLS: usize = 10_000;
    let mut bench = Bench::new(Words::new());
    let mut driver = bench.handle.driver();
    let mut calls = Vec::with_capacity(CALLS);
    let region = Region::start();
    while calls.len() < CALLS {
        let mut call = bench.handle.send_await::<Word>(&WORD);
        assert!(poll(&mut call).is_pending());
        calls.push(call);
        assert!(poll(&mut driver).is_pending());
        bench.answer(|_| None);
    }
    let bytes = region.change().live_bytes as f64 / CALLS as f64;
    assert_eq!(bench.handle.in_flight(), CALLS);
    assert_eq!(bench.handle.stats().written, CALLS as u64);
    let own = size_of::<Call<LinkOf<Words>, Word>>();
    println!(
        "    ({own} more in the `Call` itself, {} of them the frame)",
        size_of::<Word>()
    );
    bytes
}
