//! What a call costs: the layer, the bare transport, and the version one
//! writes by hand.
//!
//! `cargo run --release -p await-layer-benches [-- --quick] [FILTER]`
//!
//! Every run has a fresh connection on a fresh single-threaded runtime; the
//! contenders take turns, so that a change in the machine's mood hits all.
//! In memory the echo shares the client's thread and is part of its cost; over
//! TCP it is a process of its own.

mod table;

use std::error::Error;
use std::sync::Arc;

use await_layer_testkit::alloc::{COUNTING, Counting};
use tokio::runtime::{Builder, Runtime};

use await_layer_benches::load::Load;
use await_layer_benches::meter::Sample;
use await_layer_benches::wire::{self, Counted, Server, Wire};
use await_layer_benches::{floor, hand_written, layer};

#[global_allocator]
static ALLOCATOR: &Counting = &COUNTING;

const CONTENDERS: [&str; 4] = ["floor", "hand-written", "layer, callers", "layer, driver"];
const FLOOR: usize = 0;
const HAND_WRITTEN: usize = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    if arguments.iter().any(|argument| argument == Server::ROLE) {
        return Ok(runtime()?.block_on(Server::run())?);
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let filter = arguments
        .iter()
        .find(|argument| !argument.starts_with("--"));
    let (rounds, scale) = if quick { (3, 1) } else { (9, 5) };
    let server = Server::start()?;
    table::header();
    for tcp in [false, true] {
        for payload in [64, 4096] {
            for in_flight in [1, 64, 4096] {
                let place = if tcp { "TCP" } else { "memory" };
                let scenario = format!("{place} {payload} B x {in_flight}");
                if filter.is_some_and(|filter| !scenario.contains(filter.as_str())) {
                    continue;
                }
                // A lone call over a socket waits a hundred times its cost.
                let calls = if tcp && in_flight == 1 { 400 } else { 25_000 };
                let load = Load {
                    in_flight,
                    payload,
                    calls: calls * scale,
                    flushes: Arc::default(),
                };
                let mut samples = CONTENDERS.map(|_| table::Rounds::new());
                for _ in 0..rounds {
                    for (contender, samples) in samples.iter_mut().enumerate() {
                        let load = load.clone();
                        samples.push(runtime()?.block_on(async {
                            if tcp {
                                run(contender, wire::tcp(server.port).await, load).await
                            } else {
                                run(contender, wire::in_memory(), load).await
                            }
                        }));
                    }
                }
                table::print(&scenario, &CONTENDERS, &samples, FLOOR, HAND_WRITTEN);
            }
        }
    }
    Ok(())
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

async fn run(contender: usize, io: impl Wire, load: Load) -> Sample {
    let io = Counted::new(io, load.flushes.clone());
    match contender {
        FLOOR => floor::run(io, load).await,
        HAND_WRITTEN => hand_written::run(io, load).await,
        2 => layer::by_callers(io, load).await,
        _ => layer::by_driver(io, load).await,
    }
}
