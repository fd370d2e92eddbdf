//! Messages of the wrong size or shape.

use std::time::Duration;

use await_layer::{CallError, Cause, Limits, Refused};
use await_layer_axum::{Config, Frame, Socket, WebSocket, WebSocketError};
use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::routing::any;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::server::{connected, dial, serve};

fn small() -> Config {
    Config {
        max_message: 2000,
        max_frame: 1000,
        ..Config::default()
    }
}

/// What the calls in flight hear when the peer sends these, and its code.
async fn answered_with(config: Config, messages: Vec<Message>) -> (String, u16) {
    let (handle, _incoming, mut peer) = connected(config).await;
    let answer = async {
        peer.next().await.unwrap().unwrap();
        for message in messages {
            peer.feed(message).await.unwrap();
        }
        peer.flush().await.unwrap();
        let Some(Ok(Message::Close(Some(frame)))) = peer.next().await else {
            panic!("the peer is not told");
        };
        u16::from(frame.code)
    };
    let (result, code) = tokio::join!(handle.send_await::<Value>(&json!({})), answer);
    let Err(CallError::Closed { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!(reason.cause(), Cause::Transport);
    assert_eq!(reason.code(), Some(code));
    (reason.text().to_owned(), code)
}

fn frame(opcode: Data, payload: Vec<u8>, last: bool) -> Message {
    Message::Frame(RawFrame::message(payload, OpCode::Data(opcode), last))
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection_and_names_the_limits() {
    let (text, code) = answered_with(small(), vec![Message::text("x".repeat(1001))]).await;
    assert!(
        text.contains("max_frame") && text.contains("1001 > 1000"),
        "{text}"
    );
    assert_eq!(code, 1009);
}

#[tokio::test]
async fn a_message_over_the_limit_in_frames_below_it_does_the_same() {
    let part = vec![b'x'; 900];
    let frames = vec![
        frame(Data::Text, part.clone(), false),
        frame(Data::Continue, part.clone(), false),
        frame(Data::Continue, part, true),
    ];
    let (text, code) = answered_with(small(), frames).await;
    assert!(
        text.contains("max_message") && text.contains("2700 > 2000"),
        "{text}"
    );
    assert_eq!(code, 1009);
}

#[tokio::test]
async fn the_limits_of_the_default_are_a_mebibyte() {
    let large = Message::text("x".repeat((1 << 20) + 1));
    let (text, code) = answered_with(Config::default(), vec![large]).await;
    assert!(text.contains("1048577 > 1048576"), "{text}");
    assert_eq!(code, 1009);
}

/// All of them are named here, so that a new one is thought of.
#[test]
fn every_limit_of_the_default_is_finite() {
    let config = Config::default();
    let Limits {
        call_timeout,
        max_in_flight,
        max_outbound,
        max_outbound_bytes,
        max_inbound,
        max_inbound_bytes,
        max_requests,
        max_refusals,
        max_parts,
        max_parts_bytes,
        max_retired,
        quarantine,
        unmatched_budget,
        frames_per_turn,
        close_timeout,
        overflow: _,
    } = config.limits;
    for time in [call_timeout, quarantine, close_timeout] {
        assert!(time <= Duration::from_secs(60), "{time:?}");
    }
    for items in [
        max_in_flight,
        max_outbound,
        max_inbound,
        max_requests,
        max_refusals,
        max_parts,
        max_retired,
        unmatched_budget,
        frames_per_turn,
    ] {
        assert!(items <= 1024, "{items}");
    }
    for bytes in [
        config.max_message,
        config.max_frame,
        config.max_write_buffer,
        max_outbound_bytes,
        max_inbound_bytes,
        max_parts_bytes,
    ] {
        assert!(bytes <= 4 << 20, "{bytes}");
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_ends_the_connection() {
    let broken = frame(Data::Text, vec![0xFF], true);
    assert_eq!(answered_with(small(), vec![broken]).await.1, 1007);
}

#[tokio::test]
async fn a_breach_of_the_protocol_ends_the_connection() {
    let orphan = frame(Data::Continue, vec![b'x'], true);
    assert_eq!(answered_with(small(), vec![orphan]).await.1, 1002);
}

#[tokio::test]
async fn a_message_of_ours_that_is_too_large_fails_alone() {
    let small_buffer = Config {
        max_write_buffer: 3000,
        ..Config::default()
    };
    let tiny = Config {
        max_message: 60,
        ..Config::default()
    };
    // The last fits but for its id.
    for (config, limit, size) in [
        (small(), "max_message allows 2000", 2000),
        (small_buffer, "max_write_buffer allows 988", 2000),
        (tiny.clone(), "max_message allows 60", 500),
        (tiny, "max_message allows 60", 45),
    ] {
        let (handle, _incoming, mut peer) = connected(config).await;
        let small = handle.send_await::<Value>(&json!({ "small": 1 }));
        let large = json!({ "large": "x".repeat(size) });
        let refused = handle.send_await::<Value>(&large);
        let answer = async {
            let request = peer.next().await.unwrap().unwrap();
            peer.send(request).await.unwrap();
        };
        let (small, refused, ()) = tokio::join!(small, refused, answer);
        assert_eq!(small.unwrap(), json!({ "small": 1 }));
        let Err(CallError::Refused {
            why: Refused::Seal(why),
            frame,
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert!(why.to_string().contains(limit), "{why}");
        assert_eq!(frame, Some(Frame::text(large.to_string())));
        handle
            .send(&Frame::ping("x".repeat(126)))
            .await
            .expect_err("a ping has 125 bytes");
        assert_eq!(handle.close_reason(), None);
    }
}

#[tokio::test]
async fn the_largest_message_that_is_allowed_goes_through() {
    let (handle, _incoming, mut peer) = connected(small()).await;
    let note = Frame::text("x".repeat(2000));
    let (sent, got) = tokio::join!(handle.send(&note), peer.next());
    sent.unwrap();
    assert_eq!(got.unwrap().unwrap(), Message::text("x".repeat(2000)));
}

/// Where a socket is used without the layer, which would refuse the message
/// alone.
#[tokio::test]
async fn a_message_that_the_buffer_cannot_take_is_named_and_not_printed() {
    let (sender, mut results) = mpsc::unbounded_channel();
    let handler = async move |upgrade: WebSocketUpgrade| {
        let upgrade = upgrade.write_buffer_size(0).max_write_buffer_size(50);
        upgrade.on_upgrade(|socket| async move {
            let mut socket = WebSocket::new(Socket::new(socket));
            let secret = Frame::text("s3cret".repeat(100));
            sender.send(socket.send(secret).await).unwrap();
        })
    };
    let address = serve(Router::new().route("/socket", any(handler))).await;
    let _peer = dial(address).await;
    let error = results.recv().await.unwrap().unwrap_err();
    assert!(matches!(error, WebSocketError::TooLarge(_)), "{error}");
    let printed = format!("{error} {error:?}");
    assert!(printed.contains("600 bytes") && printed.contains("max_write_buffer"));
    assert!(!printed.contains("s3cret"), "{printed}");
}
