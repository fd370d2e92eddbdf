//! Who takes part, and where.

#[cfg(feature = "peers")]
use await_layer_benches::peers;

use crate::scenario::Place;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    Floor,
    Tasks,
    HandWritten,
    Callers,
    Driver,
    Stream,
    Batch,
    #[cfg(feature = "peers")]
    TokioTower,
    #[cfg(feature = "peers")]
    TokioTowerBuffer,
    #[cfg(feature = "peers")]
    Tarpc,
    #[cfg(feature = "peers")]
    Jsonrpsee,
    #[cfg(feature = "peers")]
    WsAwait,
}

/// A contender on so many threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) contender: Contender,
    pub(crate) threads: usize,
}

impl Contender {
    pub(crate) fn all() -> &'static [Self] {
        &[
            Self::Floor,
            Self::Tasks,
            Self::HandWritten,
            Self::Callers,
            Self::Driver,
            Self::Stream,
            Self::Batch,
            #[cfg(feature = "peers")]
            Self::TokioTower,
            #[cfg(feature = "peers")]
            Self::TokioTowerBuffer,
            #[cfg(feature = "peers")]
            Self::Tarpc,
            #[cfg(feature = "peers")]
            Self::Jsonrpsee,
            #[cfg(feature = "peers")]
            Self::WsAwait,
        ]
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Tasks => "floor, with tasks",
            Self::HandWritten => "hand-written",
            Self::Callers => "layer: callers",
            Self::Driver => "layer: driver",
            Self::Stream => "layer: stream",
            Self::Batch => "layer: batch",
            #[cfg(feature = "peers")]
            Self::TokioTower => "tokio-tower, no timeout",
            #[cfg(feature = "peers")]
            Self::TokioTowerBuffer => "tokio-tower, timeout",
            #[cfg(feature = "peers")]
            Self::Tarpc => "tarpc",
            #[cfg(feature = "peers")]
            Self::Jsonrpsee => "jsonrpsee",
            #[cfg(feature = "peers")]
            Self::WsAwait => "ws-await (Node)",
        }
    }

    pub(crate) fn runs_in(self, place: Place) -> bool {
        match self {
            Self::Floor | Self::Callers | Self::Driver => true,
            Self::Stream => !place.has_threads(),
            Self::Tasks => !place.has_threads() && place != Place::WebSocket,
            // It stands on tokio.
            Self::HandWritten => place != Place::Smol,
            Self::Batch => !place.has_threads(),
            #[cfg(feature = "peers")]
            Self::TokioTower | Self::TokioTowerBuffer | Self::Tarpc => {
                !place.has_threads() && place != Place::WebSocket
            }
            #[cfg(feature = "peers")]
            Self::Jsonrpsee => place == Place::WebSocket,
            #[cfg(feature = "peers")]
            Self::WsAwait => place == Place::WebSocket && peers::ws_await::available(),
        }
    }

    /// Whether it gets fewer calls: it is many times slower than the others,
    /// and the time of all is bounded.
    pub(crate) fn is_slow(self) -> bool {
        match self {
            #[cfg(feature = "peers")]
            Self::TokioTower | Self::TokioTowerBuffer | Self::Tarpc | Self::Jsonrpsee => true,
            // Node too, but it needs them to be compiled as it runs.
            _ => false,
        }
    }
}

impl Entry {
    pub(crate) fn name(&self, place: Place) -> String {
        let name = self.contender.name();
        match (place.has_threads(), self.threads) {
            (false, _) => name.to_owned(),
            (true, 1) => format!("{name}, 1 thread"),
            (true, threads) => format!("{name}, {threads} threads"),
        }
    }
}
