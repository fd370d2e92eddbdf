//! What many cost: memory and time with up to a million calls pending.
//!
//! `cargo run --release -p await-layer-benches --bin scale [-- [--quick] [--csv FILE] [FILTER]]`
//!
//! Every line of a table is a process of its own, so that it neither inherits
//! memory nor leaves any. All in memory, with bodies of 64 bytes, on one
//! thread; times are CPU time, the far end's included.
//! `--quick` leaves out what has more than 100,000; a filter keeps the tables
//! whose title contains it.

mod answered;
mod beside;
mod cancelled;
mod connections;
mod contender;
mod deadlines;
mod held;
mod idle;
mod plan;
mod rig;
mod table;
mod tasks;

use std::error::Error;

use await_layer_testkit::alloc::{COUNTING, Counting};

#[global_allocator]
static ALLOCATOR: &Counting = &COUNTING;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).collect::<Vec<_>>();
    if let [role, what, contender, size] = &arguments[..] {
        if role == table::ROLE {
            let figures = plan::measure(what, contender, size.parse()?)?;
            println!("{}", table::words(&figures));
            return Ok(());
        }
    }
    let mut csv = None;
    if let Some(at) = arguments.iter().position(|argument| argument == "--csv") {
        arguments.remove(at);
        if at == arguments.len() {
            return Err("--csv FILE".into());
        }
        csv = Some(arguments.remove(at));
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    arguments.retain(|argument| argument != "--quick");
    let filter = arguments.first().map_or("", String::as_str);
    let largest = if quick { 100_000 } else { usize::MAX };
    let mut record = String::from("table,contender,size,column,value\n");
    for plan in plan::ALL.iter().filter(|plan| plan.title.contains(filter)) {
        record += &table::print(plan, largest)?;
    }
    if let Some(csv) = csv {
        std::fs::write(csv, record)?;
    }
    Ok(())
}
