//! Whole connections, many at a time on one thread, and all that can go wrong
//! with them, as a seed has it.
//!
//! `SIM_SEEDS=10000` runs that many seeds, `SIM_SEED=7` runs one and says what
//! it drew. Every tenth seed beyond the first 500 is a heavy one. Between any two
//! polls a seed has no more memory in use than its plan allows, and at its end none.
//!
//! | room | question it answers |
//! |---|---|
//! | `plan` | what does this seed try? |
//! | `body` | who said what? |
//! | `wire`, `numbered` | which protocols carry it, and what would a forgery look like? |
//! | `fuse` | what of the user's panics, and when? |
//! | `net`, `port`, `lane` | what does the link do to it? |
//! | `journal` | what did the link see? |
//! | `shared` | what do all tasks of a connection know? |
//! | `asking` | calls, waited for, cancelled at any poll or parked |
//! | `batching`, `streaming`, `permits` | calls that are made together, replies in parts, permits |
//! | `telling` | plain messages, the layer as a sink, and its settings |
//! | `answering` | requests, answered in every way there is |
//! | `stranger` | a peer that means harm |
//! | `closing` | the end, asked for in every way there is |
//! | `verdict` | was this outcome the call's own, and in time? |
//! | `books` | do the connection's counters agree with what was seen? |
//! | `pair` | one connection, its ends and what befalls it |
//! | `world` | runs the seed and balances the ledger |
//! | `tally` | was everything tried? |

mod answering;
mod asking;
mod batching;
mod body;
mod books;
mod closing;
mod fuse;
mod journal;
mod lane;
mod net;
mod numbered;
mod pair;
mod permits;
mod plan;
mod port;
mod shared;
mod stranger;
mod streaming;
mod tally;
mod telling;
mod verdict;
mod wire;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use await_layer_testkit::alloc::{COUNTING, Counting, Region};

use crate::tally::Tally;

#[global_allocator]
static ALLOCATOR: &Counting = &COUNTING;

const SEEDS: u64 = 500;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

/// Runs a seed; afterwards all memory that it took must be given back. What
/// was forgotten with [`std::mem::forget`] is not.
fn run(seed: u64) -> Tally {
    let measured = || {
        let region = Region::start();
        let (tally, forgetful) = world::run(seed);
        (tally, forgetful, region.change().live_bytes)
    };
    let (tally, forgetful, kept) = measured();
    // The test harness takes memory too, now and then: not twice for one seed.
    if kept != 0 && !forgetful {
        let (_, _, kept) = measured();
        assert!(kept == 0, "{kept} bytes are kept");
    }
    tally
}

#[test]
fn every_call_has_one_outcome_and_its_own_whatever_happens() {
    if let Some(seed) = number("SIM_SEED") {
        eprintln!("{:#?}", plan::Plan::draw(seed));
        eprintln!("{}", run(seed));
        return;
    }
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let mut total = Tally::default();
    for seed in 0..seeds {
        match catch_unwind(AssertUnwindSafe(|| run(seed))) {
            Ok(tally) => total.add(&tally),
            Err(panic) => {
                eprintln!("to see it again: SIM_SEED={seed} cargo test --test simulation");
                resume_unwind(panic);
            }
        }
    }
    eprintln!("{total}");
    if seeds >= SEEDS {
        total.assert_all_was_tried();
    }
}
