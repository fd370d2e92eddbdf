//! Connected ends.

use await_layer::TokioTimer;
use await_layer_deflate::{Config, Layer, Role, WebSocket, layer};
use bytes::BytesMut;
use tokio::io::{DuplexStream, duplex};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role as BareRole;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// Both ends of a pipe in memory, as ours takes them.
pub(crate) type Pipe = Compat<DuplexStream>;
/// What a test plays the peer with: it knows no compression.
pub(crate) type Bare = WebSocketStream<DuplexStream>;

/// A layer, and a bare stream with no limits of its own at the other end.
pub(crate) async fn client(config: Config) -> (Layer<Pipe>, Bare) {
    let (ours, theirs) = transport_with(&config).await;
    (layer(ours, config, TokioTimer::new()), theirs)
}

/// The transport alone, as a client, and a bare server.
pub(crate) async fn transport() -> (WebSocket<Pipe>, Bare) {
    transport_with(&Config::default()).await
}

async fn transport_with(config: &Config) -> (WebSocket<Pipe>, Bare) {
    let (here, there) = duplex(1 << 16);
    let ours = WebSocket::new(here.compat(), Role::Client, None, BytesMut::new(), config);
    let theirs = WebSocketStream::from_raw_socket(there, BareRole::Server, None).await;
    (ours, theirs)
}
