//! What hostile and unlucky peers can make a connection hold or do, at scale
//! and with memory counted: the figures F21 to F27.
//!
//! Prints a line for each and fails when one is beyond its limit. One program
//! without the test harness, whose threads would be counted too:
//! `cargo test --release --test hostile`. Without `--release` it runs a two
//! hundredth of most of it. `-- F24` runs that figure alone.
//!
//! | room | figure |
//! |---|---|
//! | `unmatched`, `late` | F21: replies to nothing, by malice and by bad luck |
//! | `untaken` | F22: requests that nobody takes |
//! | `withdrawn` | F23: requests that are cancelled at once |
//! | `unread`, `unwritten` | F24: a peer that does not read, below us and below each adapter |
//! | `sized`, `empty`, `arrays`, `nested`, `pinned` | F25: messages too large, too many, too deep, or kept |
//! | `guessed` | F26: ids of others |
//! | `echoed` | F27: our own requests, sent back |
//! | `wire`, `hose`, `rig`, `ends`, `peak`, `table` | what they are measured with |

mod arrays;
mod echoed;
mod empty;
mod ends;
mod guessed;
mod hose;
mod late;
mod nested;
mod peak;
mod pinned;
mod rig;
mod sized;
mod table;
mod unmatched;
mod unread;
mod untaken;
mod unwritten;
mod wire;
mod withdrawn;

use await_layer_testkit::alloc::{COUNTING, Counting};

use table::Table;

#[global_allocator]
static ALLOCATOR: &Counting = &COUNTING;

/// What each figure is measured by.
const FIGURES: &[(&str, fn(&mut Table))] = &[
    ("F21", unmatched::measure),
    ("F21", late::measure),
    ("F22", untaken::measure),
    ("F23", withdrawn::measure),
    ("F24", unread::measure),
    ("F24", |table| on_sockets(unwritten::measure(table))),
    ("F25", arrays::measure),
    ("F25", empty::measure),
    ("F25", nested::measure),
    ("F25", |table| on_sockets(sized::measure(table))),
    ("F25", |table| on_sockets(pinned::measure(table))),
    ("F26", guessed::measure),
    ("F27", echoed::measure),
];

/// How many of something, in a program that is optimised; fewer in one that is
/// not.
const fn scaled(full: usize) -> usize {
    if cfg!(debug_assertions) {
        full / 200
    } else {
        full
    }
}

/// Runs what needs tokio.
fn on_sockets(measure: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(measure);
}

fn main() {
    let names: Vec<_> = std::env::args().skip(1).collect();
    let chosen = |figure: &str| {
        let mut names = names.iter().filter(|name| !name.starts_with('-'));
        let all = names.clone().next().is_none();
        all || names.any(|name| name == figure)
    };
    if cfg!(debug_assertions) {
        println!("not optimised: a 200th of the full scale");
    }
    let mut table = Table::new();
    for (name, measure) in FIGURES.iter().filter(|(name, _)| chosen(name)) {
        table.figure(name);
        measure(&mut table);
    }
    table.finish();
}
