//! The promises of `docs/guarantees.md` that no other suite shows at the scale
//! that is promised.
//!
//! `cargo test --release --test guarantees -- --nocapture` runs all of it and
//! prints what was measured; without `--release` the same at a tenth or less.
//!
//! | room | promises |
//! |---|---|
//! | `matching` | the right reply, whatever else comes: F2, F3, F4, F7 |
//! | `ids` | ids that repeat or run out: F5 |
//! | `leaving` | a call that is dropped at any poll: F6 |
//! | `losing` | the connection is lost at any step: F8 |
//! | `deadlines` | neither early nor late: F9 |
//! | `order` | wire order, and no lock-up when both ways are full: F11, F12, F13 |
//! | `parting` | closing with calls in flight: F14 |
//! | `fairness` | under a flood: F17 |
//! | `rig` | one end that a test plays |

mod deadlines;
mod fairness;
mod ids;
mod leaving;
mod losing;
mod matching;
mod order;
mod parting;
mod rig;

/// So many in release, and a share of it that stays quick in debug.
const fn scaled(full: usize, debug: usize) -> usize {
    if cfg!(debug_assertions) { debug } else { full }
}

/// A row of the table.
macro_rules! shown {
    ($figure:literal, $($what:tt)*) => {
        println!("{:<4} {}", $figure, format_args!($($what)*))
    };
}
use shown;
