//! The gate: counts per call, which noise does not move, and what each may be.
//!
//! `cargo run --release -p await-layer-benches --bin counts [-- FILTER]`
//!
//! Without a filter all is measured and compared with `allowed.csv`; with one,
//! only the cases whose name contains it are printed.
//! `--profile CASE` prints the instructions per call of each function; built
//! with `CARGO_PROFILE_RELEASE_DEBUG=1`, apart by the file that each part was
//! inlined from.
//!
//! Everything runs in memory with bodies of 64 bytes on one thread, the echo
//! and the callers' tasks included, the default timeout on.

mod allowed;
mod case;
mod held;
mod instructions;
mod table;
mod wakes;

use std::error::Error;
use std::process::ExitCode;

use await_layer_testkit::alloc::{COUNTING, Counting};

use crate::case::Case;
use crate::table::Table;

#[global_allocator]
static ALLOCATOR: &Counting = &COUNTING;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [instructions::ROLE, case, rounds] => {
            Case::named(case)?.run(rounds.parse()?)?;
            Ok(ExitCode::SUCCESS)
        }
        ["--profile", case] => {
            instructions::profile(Case::named(case)?)?;
            Ok(ExitCode::SUCCESS)
        }
        [] => {
            let mut table = Table::measure("")?;
            table.count("bytes held pending", held::per_call());
            for (name, size) in held::sizes() {
                table.count(name, size as f64);
            }
            Ok(allowed::check(&table.counts()))
        }
        [filter] if !filter.starts_with('-') => {
            Table::measure(filter)?;
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("arguments: none, FILTER, or --profile CASE".into()),
    }
}
