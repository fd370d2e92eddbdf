//! How a connection ends, and what those who wait hear.

use await_layer::{CallError, Cause, CloseReason};
use await_layer_tokio::{Config, Framing, layer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// What a call hears when the peer answers with `bytes` and goes.
async fn answered_with<C: Framing + Clone>(config: Config<C>, bytes: &[u8]) -> CloseReason {
    let (here, mut there) = duplex(1 << 16);
    let layer = layer(here, config);
    let call = layer.send_await::<Value>(&json!({}));
    let peer = async {
        there.read_u8().await.unwrap();
        there.write_all(bytes).await.unwrap();
        there.shutdown().await.unwrap();
    };
    match tokio::join!(call, peer).0 {
        Err(CallError::Closed { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_end_between_frames_is_the_peers_own() {
    let reason = answered_with(Config::lines(), b"\"plain\"\n").await;
    assert_eq!(reason, CloseReason::new(Cause::Eof, ""));
}

#[tokio::test]
async fn an_end_inside_a_frame_says_so() {
    for reason in [
        answered_with(Config::lines(), b"{\"a\":1}").await,
        answered_with(Config::length_delimited(), b"\0\0\0").await,
        answered_with(Config::length_delimited(), b"\0\0\0\x02{").await,
        answered_with(Config::content_length(), b"Content-Length: 2\r\n\r\n").await,
    ] {
        assert_eq!(reason.cause(), Cause::Eof);
        assert_eq!(reason.text(), "the stream ended inside a frame");
    }
}

#[tokio::test]
async fn bytes_that_are_no_frame_end_it_and_say_what_is_wrong() {
    let reason = answered_with(Config::content_length(), b"Content-Length: -2\r\n\r\n").await;
    assert_eq!(reason.cause(), Cause::Transport);
    assert_eq!(reason.text(), "Content-Length is negative");
}

#[tokio::test]
async fn frames_before_the_damage_count() {
    let (here, mut there) = duplex(1 << 16);
    let layer = layer(here, Config::lines());
    let call = layer.send_await::<Value>(&json!({ "ask": 1 }));
    let peer = async {
        let mut request = Vec::new();
        while !request.ends_with(b"\n") {
            request.push(there.read_u8().await.unwrap());
        }
        // On this wire a request that comes back unchanged is its own reply.
        request.extend_from_slice(&vec![b'x'; 2 << 20]);
        let _ = there.write_all(&request).await;
        there
    };
    let handle = layer.handle();
    let (reply, _there, reason) = tokio::join!(call, peer, handle.closed());
    assert_eq!(reply.unwrap(), json!({ "ask": 1 }));
    assert!(reason.text().contains("max_line"), "{reason}");
}
