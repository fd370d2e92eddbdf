//! Two ends on one link, and all that can go wrong with them, as a seed has it.
//!
//! `SIM_SEEDS=10000` runs that many seeds, `SIM_SEED=7` runs one and says what
//! it drew.
//!
//! | room | question it answers |
//! |---|---|
//! | `plan` | what does this seed try? |
//! | `body` | who said what? |
//! | `wire` | which protocols carry it? |
//! | `net`, `lane` | what does the link do to it? |
//! | `journal` | what did the link see? |
//! | `shared` | what do all tasks of a run know? |
//! | `asking` | calls and plain messages, waited for, cancelled or parked |
//! | `verdict` | was this outcome the call's own, and in time? |
//! | `answering` | requests, answered in every way there is |
//! | `world` | runs the seed and balances the books |

mod answering;
mod asking;
mod body;
mod journal;
mod lane;
mod net;
mod plan;
mod shared;
mod verdict;
mod wire;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

const SEEDS: u64 = 500;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn every_call_has_one_outcome_and_its_own_whatever_happens() {
    if let Some(seed) = number("SIM_SEED") {
        eprintln!("{:#?}", plan::Plan::draw(seed));
        eprintln!("{:?}", world::run(seed));
        return;
    }
    let mut total = world::Tally::default();
    for seed in 0..number("SIM_SEEDS").unwrap_or(SEEDS) {
        match catch_unwind(AssertUnwindSafe(|| world::run(seed))) {
            Ok(tally) => total.add(&tally),
            Err(panic) => {
                eprintln!("to see it again: SIM_SEED={seed} cargo test --test simulation");
                resume_unwind(panic);
            }
        }
    }
    eprintln!("{total:?}");
    // A simulation in which nothing happens proves nothing.
    assert!(total.replies > total.calls / 4, "{total:?}");
    assert!(total.failures > 0 && total.cancelled > 0, "{total:?}");
    assert!(total.late > 0 && total.messages > 0, "{total:?}");
}
