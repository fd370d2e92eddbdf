//! Limits that only tungstenite has.

use await_layer::{CallError, Refused};
use await_layer_tungstenite::tungstenite::Message;
use await_layer_tungstenite::{Config, HandshakeError};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

use crate::pair::client;

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection_and_names_the_limit() {
    let config = Config {
        max_frame: 1000,
        ..Config::default()
    };
    let (layer, mut peer) = client(config).await;
    let handle = layer.handle();
    peer.send(Message::text("x".repeat(1001))).await.unwrap();
    let reason = handle.closed().await;
    assert_eq!(
        (reason.text(), reason.code()),
        (
            "the peer sent 1001 bytes at once; max_frame allows 1000",
            Some(1009)
        )
    );
}

#[tokio::test]
async fn a_message_that_the_buffer_has_no_room_for_fails_alone() {
    let config = Config {
        max_write_buffer: 3000,
        ..Config::default()
    };
    let (layer, mut peer) = client(config).await;
    let handle = layer.handle();
    let large = json!({ "large": "x".repeat(2000) });
    let Err(CallError::Refused {
        why: Refused::Seal(why),
        ..
    }) = handle.send_await::<Value>(&large).await
    else {
        panic!("it went out");
    };
    assert!(
        why.to_string().contains("max_write_buffer allows 988"),
        "{why}"
    );
    handle.send(&json!({ "small": 1 })).await.unwrap();
    let sent = peer.next().await.unwrap().unwrap();
    assert_eq!(sent, Message::text(r#"{"small":1}"#));
}

#[test]
fn a_write_buffer_that_cannot_work_is_refused_and_named() {
    let config = Config {
        max_write_buffer: 100,
        ..Config::default()
    };
    let Err(HandshakeError::Config(why)) = config.websocket() else {
        panic!("accepted");
    };
    assert!(why.contains("max_write_buffer"));
}
