//! `await-layer-tungstenite`.

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

pub(crate) use await_layer_tungstenite::*;

use await_layer_tungstenite::tungstenite::protocol::Role;
use tokio::io::{DuplexStream, duplex};

pub(crate) type Pipe = DuplexStream;
/// What a test plays the peer with.
pub(crate) type Bare = WebSocketStream<DuplexStream>;

/// A layer, and a bare stream with no limits of its own at the other end.
async fn client(config: Config) -> (Layer<Pipe>, Bare) {
    let (here, there) = duplex(1 << 16);
    let limits = config.websocket().unwrap();
    let ours = WebSocketStream::from_raw_socket(here, Role::Client, Some(limits)).await;
    let theirs = WebSocketStream::from_raw_socket(there, Role::Server, None).await;
    (layer(ours, config), theirs)
}

/// The transport alone, as a client, and a bare server.
async fn transport() -> (WebSocket<Pipe>, Bare) {
    let (here, there) = duplex(1 << 16);
    let ours = WebSocketStream::from_raw_socket(here, Role::Client, None).await;
    let theirs = WebSocketStream::from_raw_socket(there, Role::Server, None).await;
    (WebSocket::new(ours), theirs)
}
