//! A peer that goes without a word, on a paused clock.

use std::time::Duration;

use await_layer_tungstenite::tungstenite::protocol::Role;
use await_layer_tungstenite::{Config, KeepAlive, WebSocket, WebSocketError, WebSocketStream};
use futures::StreamExt;
use tokio::io::duplex;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn the_transport_alone_ends_with_an_error_that_says_so() {
    let (here, _there) = duplex(1 << 16);
    let limits = Config::default().websocket().unwrap();
    let watched = KeepAlive {
        interval: Duration::from_secs(10),
        misses: 3,
    };
    let io = WebSocketStream::from_raw_socket(here, Role::Client, Some(limits)).await;
    let mut ours: WebSocket<_> = WebSocket::with(io, limits, Some(watched));
    let start = Instant::now();
    let error = ours.next().await.unwrap().unwrap_err();
    assert!(matches!(error, WebSocketError::Silent(_)), "{error:?}");
    assert_eq!(start.elapsed(), watched.interval * watched.misses);
    assert!(ours.next().await.is_none(), "it is over");
}
