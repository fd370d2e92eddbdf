//! What a call costs: the layer, the bare transport, the version one writes by
//! hand, and with the feature `peers` other people's libraries.
//!
//! ```text
//! cargo run --release -p await-layer-benches [--features peers] -- [OPTIONS] [FILTER]
//!
//! FILTER            only the scenarios whose name contains it, such as 'TCP 64 B'
//! --quick           fewer rounds of fewer calls
//! --csv FILE        records the figures, and draws them
//! --pictures DIR    where to draw; docs/performance without it
//! --plot-only FILE  measures nothing and draws what was recorded
//! ```
//!
//! Every run has a fresh connection on a fresh runtime; the contenders take
//! turns, so that a change in the machine's mood hits all. What a call costs
//! and how long it takes are two runs, for looking at each call costs time too.
//! In memory the echo shares the client's threads and is part of its cost; at
//! the end of a socket it is a process of its own.

mod allocator;
mod contender;
mod options;
mod picture;
mod record;
mod round;
mod scenario;
mod table;

use std::error::Error;

use await_layer_benches::machine;
use await_layer_benches::server::Server;
use await_layer_testkit::alloc::{COUNTING, Counting};
use tokio::runtime::Builder;

use crate::options::Options;
use crate::record::Row;
use crate::round::Round;

#[global_allocator]
static ALLOCATOR: &Counting = &COUNTING;

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == Server::ROLE) {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        return Ok(runtime.block_on(Server::run())?);
    }
    allocator::keep_what_it_has()?;
    let options = Options::of(std::env::args().skip(1))?;
    if let Some(recorded) = &options.plot_only {
        return picture::draw(&record::read(recorded)?, &options.pictures);
    }
    let rows = measure(&options)?;
    if let Some(file) = &options.csv {
        let about = [machine::description(), machine::peers()].concat();
        record::write(file, &about, &rows)?;
        picture::draw(&rows, &options.pictures)?;
    }
    Ok(())
}

fn measure(options: &Options) -> Result<Vec<Row>, Box<dyn Error>> {
    let server = Server::start()?;
    let rounds = if options.quick { 3 } else { 9 };
    let mut rows = Vec::new();
    for scenario in scenario::all(options.quick) {
        if !options.wants(&scenario.name()) {
            continue;
        }
        let entries = scenario.entries();
        let mut measured = entries.iter().map(|_| Vec::new()).collect::<Vec<_>>();
        // The first round faults the memory in, and is thrown away.
        for number in 0..=rounds {
            for (entry, rounds) in entries.iter().zip(&mut measured) {
                let round = Round::of(*entry, &scenario, server.ports)?;
                if number > 0 {
                    rounds.push(round);
                }
            }
        }
        let new = Row::all(&scenario, &entries, &measured);
        table::print(&new);
        rows.extend(new);
    }
    Ok(rows)
}
