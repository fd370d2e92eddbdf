//! A client that goes without a word.

use std::time::Duration;

use await_layer::{CallError, Cause, Limits, Sent};
use await_layer_axum::{Config, KeepAlive};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, pause};

use crate::server::connected;

const INTERVAL: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_silent_client_is_pinged_and_given_up_in_time() {
    let config = Config {
        keep_alive: Some(KeepAlive {
            interval: INTERVAL,
            misses: 3,
        }),
        limits: Limits {
            call_timeout: Duration::MAX,
            ..Limits::default()
        },
        ..Config::default()
    };
    let (handle, incoming, mut peer) = connected(config).await;
    // From here on time passes whenever everybody waits.
    pause();
    let start = Instant::now();
    let call = handle.send_await::<Value>(&json!({ "q": 1 }));
    let error = call.await.unwrap_err();
    let elapsed = start.elapsed();
    let CallError::Closed { reason, sent, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((reason.cause(), sent), (Cause::Silent, Sent::Yes));
    // It was watched since it connected, a moment before; tokio's timers round
    // up to a millisecond.
    let rounding = Duration::from_millis(3);
    assert!(elapsed > INTERVAL * 2, "{elapsed:?}");
    assert!(elapsed <= INTERVAL * 3 + rounding, "{elapsed:?}");
    drop(incoming);
    // Read without the answers that a live client would give.
    let mut found = Vec::new();
    peer.get_mut().read_to_end(&mut found).await.unwrap();
    let ping = [0x89, 0];
    assert!(found.ends_with(&[ping, ping].concat()), "{found:x?}");
    assert_eq!(found.iter().filter(|byte| **byte == 0x89).count(), 2);
}
