//! What calls and connections cost in memory, by the counting allocator.
//!
//! Prints the figures and fails when one is beyond its limit. One program
//! without the test harness, whose threads would be counted too:
//! `cargo test --test memory`.

mod bench;
mod figures;
mod still;

use await_layer_testkit::alloc::{COUNTING, Counting};

#[global_allocator]
static ALLOCATOR: &Counting = &COUNTING;

/// A figure: what it is, its unit, how it is measured, and at most how much it
/// may be.
struct Figure {
    what: &'static str,
    unit: &'static str,
    measure: fn() -> f64,
    limit: f64,
}

const fn figure(
    what: &'static str,
    unit: &'static str,
    measure: fn() -> f64,
    limit: f64,
) -> Figure {
    Figure {
        what,
        unit,
        measure,
        limit,
    }
}

/// Frames of 32 bytes that live in place, slot ids: all that is counted is
/// ours. Only the ws-await figure has frames on the heap.
const FIGURES: &[Figure] = &[
    figure("a call, alone", "allocations", figures::call_alone, 0.0),
    figure(
        "a call, of 100 at once",
        "allocations",
        figures::call_of_many,
        0.0,
    ),
    figure("a message, awaited", "allocations", figures::message, 0.0),
    figure(
        "a call and its answer, both ends",
        "allocations",
        figures::both_ends,
        0.05,
    ),
    figure(
        "a call on the ws-await JSON wire",
        "allocations",
        figures::ws_await,
        1.0,
    ),
    figure(
        "after 1,000,000 cancelled calls, sent",
        "bytes",
        figures::cancelled_sent,
        1024.0,
    ),
    figure(
        "after 1,000,000 cancelled calls, not sent",
        "bytes",
        figures::cancelled_unsent,
        1024.0,
    ),
    figure("an idle end in memory", "bytes", figures::idle_end, 2560.0),
    figure(
        "a pending call of 10,000",
        "bytes",
        figures::pending_call,
        192.0,
    ),
];

fn main() {
    let mut beyond = Vec::new();
    for figure in FIGURES {
        let measured = (figure.measure)();
        println!(
            "{:<42} {measured:>9.3} {:<11} (limit {})",
            figure.what, figure.unit, figure.limit
        );
        if measured > figure.limit {
            beyond.push(figure.what);
        }
    }
    assert!(beyond.is_empty(), "beyond their limits: {beyond:?}");
}
