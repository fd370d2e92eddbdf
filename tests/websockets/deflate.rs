//! `await-layer-deflate`, whose peer here knows no compression.

#[path = "suite/aliases.rs"]
mod aliases;
#[path = "suite/closing.rs"]
mod closing;
#[path = "suite/contract.rs"]
mod contract;
#[path = "suite/limits.rs"]
mod limits;
#[path = "suite/pings.rs"]
mod pings;
#[path = "suite/silence.rs"]
mod silence;

pub(crate) use await_layer_deflate::*;

use await_layer::TokioTimer;
use bytes::BytesMut;
use tokio::io::{DuplexStream, duplex};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

pub(crate) type Pipe = Compat<DuplexStream>;
/// What a test plays the peer with.
pub(crate) type Bare = WebSocketStream<DuplexStream>;

/// A layer, and a bare stream with no limits of its own at the other end.
async fn client(config: Config) -> (Layer<Pipe>, Bare) {
    let (ours, theirs) = transport_with(&config).await;
    (layer(ours, config, TokioTimer::new()), theirs)
}

/// The transport alone, as a client, and a bare server.
async fn transport() -> (WebSocket<Pipe>, Bare) {
    transport_with(&Config::default()).await
}

async fn transport_with(config: &Config) -> (WebSocket<Pipe>, Bare) {
    let (here, there) = duplex(1 << 16);
    let ours = WebSocket::new(here.compat(), Role::Client, None, BytesMut::new(), config);
    let theirs = WebSocketStream::from_raw_socket(there, protocol::Role::Server, None).await;
    (ours, theirs)
}
