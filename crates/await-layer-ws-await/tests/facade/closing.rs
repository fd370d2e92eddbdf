//! How a connection ends.

use std::time::Duration;

use await_layer_ws_await::{Cause, Config, Limits, Overflow, SendCause, Settings, Stats};
use serde_json::json;

use crate::pair::pair;
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

/// No other crate is needed to set a limit and to read what came of it.
#[tokio::test]
async fn limits_and_ends_have_names_here() {
    let limits = Limits {
        max_inbound: 1,
        overflow: Overflow::Close,
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let (client, server) = pair(config, Settings::new()).await;
    for _ in 0..2 {
        server.socket.send(json!("words")).await.unwrap();
    }
    assert_eq!(client.socket.closed().await.cause(), Cause::Overflow);
    let Stats { read, .. } = client.socket.stats();
    assert_eq!(read, 2);
    let error = client.socket.send(json!("late")).await.unwrap_err();
    let SendCause::Closed(reason) = error.cause() else {
        panic!("{error:?}");
    };
    assert_eq!(reason.cause(), Cause::Overflow);
}
