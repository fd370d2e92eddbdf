//! Makes connections, both ends of each.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use await_layer::{AwaitLayer, KeepAlive, Limits, TokioTimer, Transport, memory};
use await_layer_tungstenite::{Config, accept_on, connect_on};
use futures::try_join;
use tokio::net::{TcpListener, TcpStream};

use await_layer_benches::two_way::TwoWay;
use await_layer_benches::wire::frames;

use crate::answer;
use crate::end::{Side, Speech};
use crate::gate::{Gate, Gated};
use crate::letter::Letters;
use crate::shared::{Alive, Shared};

/// Calls of each end's that may be in flight, and requests that may wait.
pub(crate) const IN_FLIGHT: usize = 512;

/// Frames that an in-memory transport holds.
const CAPACITY: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    /// Length-delimited frames over loopback.
    Tcp,
    /// The JSON wire of ws-await over loopback.
    WebSocket,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Tcp, Self::WebSocket];

    /// Whether its wire has parts of replies.
    pub(crate) fn has_parts(self) -> bool {
        self != Self::WebSocket
    }
}

pub(crate) struct Dialer {
    kind: Kind,
    listener: TcpListener,
    /// Whether its peers think before they answer.
    slow: bool,
    /// Whether a driver is spawned too.
    driven: bool,
    shared: Arc<Shared>,
    alive: Alive,
}

fn limits() -> Limits {
    Limits {
        max_in_flight: IN_FLIGHT,
        max_requests: 2 * IN_FLIGHT,
        call_timeout: Duration::from_secs(10),
        ..Limits::default()
    }
}

impl Dialer {
    pub(crate) async fn new(
        kind: Kind,
        slow: bool,
        driven: bool,
        shared: Arc<Shared>,
        alive: Alive,
    ) -> io::Result<Self> {
        Ok(Self {
            kind,
            listener: TcpListener::bind(("127.0.0.1", 0)).await?,
            slow,
            driven,
            shared,
            alive,
        })
    }

    /// A new connection. If it `resets`, a socket that is dropped takes with
    /// it what the other end has not read.
    pub(crate) async fn dial(&self, resets: bool) -> io::Result<[Side; 2]> {
        let gates = [Arc::<Gate>::default(), Arc::default()];
        if self.kind == Kind::Memory {
            let (here, there) = memory::pair(CAPACITY);
            let (here, there) = (Gated::new(here, &gates[0]), Gated::new(there, &gates[1]));
            return Ok([
                self.open(plain(here), &gates[0]),
                self.open(plain(there), &gates[1]),
            ]);
        }
        let address = self.listener.local_addr()?;
        let (here, (there, _)) = try_join!(TcpStream::connect(address), self.listener.accept())?;
        for socket in [&here, &there] {
            socket.set_nodelay(true)?;
            if resets {
                socket.set_zero_linger()?;
            }
        }
        let (here, there) = (Gated::new(here, &gates[0]), Gated::new(there, &gates[1]));
        if self.kind == Kind::Tcp {
            return Ok([
                self.open(plain(frames(here)), &gates[0]),
                self.open(plain(frames(there)), &gates[1]),
            ]);
        }
        let config = || Config {
            limits: limits(),
            keep_alive: Some(KeepAlive::default()),
            ..Config::default()
        };
        let url = format!("ws://{address}/");
        let here = async { connect_on(here, url, config()).await };
        let there = async { accept_on(there, config()).await };
        let (here, there) = try_join!(here, there).map_err(io::Error::other)?;
        Ok([self.open(here, &gates[0]), self.open(there, &gates[1])])
    }

    fn open<S, P>(&self, layer: AwaitLayer<S, P, TokioTimer>, gate: &Arc<Gate>) -> Side
    where
        S: Transport<P::Frame, ReadError: Send> + Send + 'static,
        P: Speech,
    {
        let (handle, incoming) = layer.split();
        if self.driven {
            let (driver, alive) = (handle.driver(), self.alive.clone());
            tokio::spawn(async move {
                drop(driver.await);
                drop(alive);
            });
        }
        tokio::spawn(answer::all(incoming, self.slow, self.shared.clone()));
        Side {
            end: Arc::new(handle),
            gate: gate.clone(),
        }
    }
}

fn plain<S>(io: S) -> AwaitLayer<S, TwoWay<Letters>, TokioTimer>
where
    S: Transport<bytes::BytesMut>,
{
    AwaitLayer::with(io, TwoWay(Letters), TokioTimer::new(), limits())
}
