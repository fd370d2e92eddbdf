//! Messages of the wrong size.

use await_layer::{CallError, Cause, Refused};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{Config, Frame, client};

fn small() -> Config {
    Config {
        max_message: 2000,
        ..Config::default()
    }
}

/// What the calls in flight hear when the peer sends these, and its code.
async fn answered_with(config: Config, messages: Vec<Message>) -> (String, u16) {
    let (layer, mut peer) = client(config).await;
    let handle = layer.handle();
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

#[tokio::test]
async fn a_message_over_the_limit_ends_the_connection_and_names_the_limit() {
    let (text, code) = answered_with(small(), vec![Message::text("x".repeat(2001))]).await;
    assert!(
        text.contains("2001 bytes") && text.contains("max_message allows 2000"),
        "{text}"
    );
    assert_eq!(code, 1009);
}

#[tokio::test]
async fn a_message_over_the_limit_in_frames_below_it_does_the_same() {
    let frame = |opcode, last| {
        let payload = vec![b'x'; 900];
        Message::Frame(RawFrame::message(payload, OpCode::Data(opcode), last))
    };
    let frames = vec![
        frame(Data::Text, false),
        frame(Data::Continue, false),
        frame(Data::Continue, true),
    ];
    let (text, code) = answered_with(small(), frames).await;
    assert!(
        text.contains("2700 bytes") && text.contains("max_message allows 2000"),
        "{text}"
    );
    assert_eq!(code, 1009);
}

#[tokio::test]
async fn text_that_is_not_utf8_ends_the_connection() {
    let raw = RawFrame::message(vec![0xFF], OpCode::Data(Data::Text), true);
    let (_, code) = answered_with(small(), vec![Message::Frame(raw)]).await;
    assert_eq!(code, 1007);
}

#[tokio::test]
async fn a_message_of_ours_that_is_too_large_fails_alone() {
    let tiny = Config {
        max_message: 60,
        ..Config::default()
    };
    // The last fits but for its id.
    for (config, limit, size) in [
        (small(), "max_message allows 2000", 2000),
        (tiny.clone(), "max_message allows 60", 500),
        (tiny, "max_message allows 60", 45),
    ] {
        let (layer, mut peer) = client(config).await;
        let handle = layer.handle();
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
    let (layer, mut peer) = client(small()).await;
    let handle = layer.handle();
    let note = Frame::text("x".repeat(2000));
    let (sent, got) = tokio::join!(handle.send(&note), peer.next());
    sent.unwrap();
    assert_eq!(got.unwrap().unwrap(), Message::text("x".repeat(2000)));
}
