//! One round of one contender: what its calls cost, and then, on another
//! connection, what is seen of each.

use std::error::Error;
use std::sync::Arc;

use await_layer::{AsyncIoTimer, TokioTimer};
use await_layer_benches::batch::Asker;
use await_layer_benches::layer::Clock;
use await_layer_benches::load::{Caller, Load};
use await_layer_benches::meter::Sample;
#[cfg(feature = "peers")]
use await_layer_benches::peers;
use await_layer_benches::runtime::{Runtime, Smol, Tokio};
use await_layer_benches::server::Ports;
use await_layer_benches::watch::Seen;
use await_layer_benches::websocket;
use await_layer_benches::wire::{self, Counted, Wire};
use await_layer_benches::{floor, hand_written, layer, tasks};
use tokio::runtime::Builder;

use crate::contender::{Contender, Entry};
use crate::scenario::{Place, Scenario};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    pub(crate) cost: Sample,
    pub(crate) seen: Seen,
}

impl Round {
    pub(crate) fn of(
        entry: Entry,
        scenario: &Scenario,
        ports: Ports,
    ) -> Result<Self, Box<dyn Error>> {
        let load = Load {
            in_flight: scenario.in_flight,
            payload: scenario.payload,
            calls: calls(entry.contender, scenario),
            flushes: Arc::default(),
        };
        let contest = Contest {
            contender: entry.contender,
            load,
        };
        let one_thread = || Builder::new_current_thread().enable_all().build();
        let threads = || {
            let mut builder = match entry.threads {
                1 => Builder::new_current_thread(),
                _ => Builder::new_multi_thread(),
            };
            builder.worker_threads(entry.threads).enable_all().build()
        };
        let timer = TokioTimer::new();
        Ok(match scenario.place {
            Place::Memory => {
                let io = async || wire::in_memory();
                one_thread()?.block_on(contest.over(&Tokio, timer, io))
            }
            Place::Reversed => {
                let io = async || wire::in_memory_reversed();
                one_thread()?.block_on(contest.over(&Tokio, timer, io))
            }
            Place::Tcp => {
                let io = async || wire::tcp(ports.tcp).await;
                one_thread()?.block_on(contest.over(&Tokio, timer, io))
            }
            Place::WebSocket => one_thread()?.block_on(contest.over_websocket(ports)),
            Place::Threads => {
                let io = async || wire::in_memory();
                let round = threads()?.block_on(contest.over(&Tokio, timer, io));
                round.of_all_threads()
            }
            Place::Smol => {
                let smol = Smol::default();
                let io = async || wire::in_memory_on(&smol);
                let round = contest.over(&smol, AsyncIoTimer::new(), io);
                smol.block_on(entry.threads, round).of_all_threads()
            }
        })
    }

    fn of_all_threads(mut self) -> Self {
        self.cost.cpu = self.cost.process_cpu;
        self
    }
}

fn calls(contender: Contender, scenario: &Scenario) -> usize {
    if contender.is_slow() {
        let fewer = scenario.calls / 4;
        fewer.max(2 * scenario.in_flight).min(scenario.calls)
    } else {
        scenario.calls
    }
}

struct Contest {
    contender: Contender,
    load: Load,
}

impl Contest {
    async fn over<W: Wire>(
        &self,
        runtime: &impl Runtime,
        timer: impl Clock + Clone,
        io: impl AsyncFn() -> W,
    ) -> Round {
        let load = &self.load;
        let io = async || Counted::new(io().await, load.flushes.clone());
        let timer = || timer.clone();
        match self.contender {
            Contender::Floor => Round {
                cost: floor::run_on(runtime, io().await, load.clone()).await,
                seen: floor::watch_on(runtime, io().await, load.clone()).await,
            },
            Contender::Tasks => {
                let open = async || tasks::open(io().await);
                self.tasks(runtime, open).await
            }
            Contender::HandWritten => {
                let open = async || hand_written::open(io().await);
                self.tasks(runtime, open).await
            }
            Contender::Callers => {
                let open = async || layer::callers(io().await, timer(), load);
                self.tasks(runtime, open).await
            }
            Contender::Driver => {
                let open = async || layer::driver(io().await, timer(), runtime, load);
                self.tasks(runtime, open).await
            }
            Contender::Stream => {
                let open = async || layer::stream(io().await, timer(), runtime, load);
                self.tasks(runtime, open).await
            }
            Contender::Batch => {
                let open = async || layer::callers(io().await, timer(), load);
                self.batches(open).await
            }
            #[cfg(feature = "peers")]
            Contender::TokioTower => Round {
                cost: peers::tokio_tower::run(io().await, load).await,
                seen: peers::tokio_tower::watch(io().await, load).await,
            },
            #[cfg(feature = "peers")]
            Contender::TokioTowerBuffer => {
                let open = async || peers::tokio_tower::buffered(io().await);
                self.tasks(runtime, open).await
            }
            #[cfg(feature = "peers")]
            Contender::Tarpc => {
                let open = async || peers::tarpc::open(io().await, load);
                self.tasks(runtime, open).await
            }
            #[cfg(feature = "peers")]
            Contender::Jsonrpsee | Contender::WsAwait => unreachable!("they speak WebSocket only"),
        }
    }

    async fn over_websocket(&self, ports: Ports) -> Round {
        let load = &self.load;
        let io = async || websocket::connect(ports.websocket).await;
        match self.contender {
            Contender::Tasks => unreachable!("it speaks no JSON"),
            Contender::Floor => Round {
                cost: websocket::floor::run(io().await, load).await,
                seen: websocket::floor::watch(io().await, load).await,
            },
            Contender::HandWritten => {
                let open = async || websocket::hand_written::open(io().await, load);
                self.tasks(&Tokio, open).await
            }
            Contender::Callers => {
                let open = async || websocket::layer::callers(io().await, load);
                self.tasks(&Tokio, open).await
            }
            Contender::Driver => {
                let open = async || websocket::layer::driver(io().await, load);
                self.tasks(&Tokio, open).await
            }
            Contender::Stream => {
                let open = async || websocket::layer::stream(io().await, load);
                self.tasks(&Tokio, open).await
            }
            Contender::Batch => {
                let open = async || websocket::layer::callers(io().await, load);
                self.batches(open).await
            }
            #[cfg(feature = "peers")]
            Contender::Jsonrpsee => {
                let open = async || peers::jsonrpsee::open(ports.rpc, load).await;
                self.tasks(&Tokio, open).await
            }
            #[cfg(feature = "peers")]
            Contender::WsAwait => {
                let (cost, seen) = peers::ws_await::run(ports.websocket, load);
                Round { cost, seen }
            }
            #[cfg(feature = "peers")]
            Contender::TokioTower | Contender::TokioTowerBuffer | Contender::Tarpc => {
                unreachable!("they do not speak WebSocket")
            }
        }
    }

    /// A task for each call in flight.
    async fn tasks<C: Caller>(&self, runtime: &impl Runtime, open: impl AsyncFn() -> C) -> Round {
        Round {
            cost: self.load.run_on(runtime, &open().await).await,
            seen: self.load.watch_on(runtime, &open().await).await,
        }
    }

    /// One task for all.
    async fn batches<C: Asker>(&self, open: impl AsyncFn() -> C) -> Round {
        Round {
            cost: self.load.run_batches(&open().await).await,
            seen: self.load.watch_batches(&open().await).await,
        }
    }
}
