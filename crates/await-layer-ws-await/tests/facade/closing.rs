//! How a connection ends.

use std::time::Duration;

use await_layer_ws_await::Settings;
use serde_json::json;

use crate::raw;

#[tokio::test(start_paused = true)]
async fn a_close_with_a_code_waits_no_longer_than_one_without() {
    let end = raw::client(Settings::new()).await;
    // More than the wire, which nobody reads, and the buffers hold.
    for _ in 0..4 {
        let socket = end.socket.clone();
        tokio::spawn(async move { drop(socket.send(json!("x".repeat(1_000_000))).await) });
    }
    tokio::task::yield_now().await;
    let close = end.socket.close_with(4000, "enough");
    let closed = tokio::time::timeout(Duration::from_secs(60), close).await;
    assert!(closed.expect("it waits for ever").is_ok());
}
