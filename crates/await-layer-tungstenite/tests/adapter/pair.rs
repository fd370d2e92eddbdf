//! Connected ends.

use await_layer_tungstenite::tungstenite::protocol::Role;
use await_layer_tungstenite::{Config, Layer, WebSocketStream, layer};
use tokio::io::{DuplexStream, duplex};

/// What a test plays the peer with.
pub(crate) type Bare = WebSocketStream<DuplexStream>;

/// A layer, and a bare stream with no limits of its own at the other end.
pub(crate) async fn client(config: Config) -> (Layer<DuplexStream>, Bare) {
    let (here, there) = duplex(1 << 16);
    let limits = config.websocket().unwrap();
    let ours = WebSocketStream::from_raw_socket(here, Role::Client, Some(limits)).await;
    let theirs = WebSocketStream::from_raw_socket(there, Role::Server, None).await;
    (layer(ours, config), theirs)
}
