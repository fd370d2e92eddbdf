//! Messages of the wrong size.

use std::future::poll_fn;

use await_layer::{CallError, Cause, Refused};
use await_layer_deflate::{Config, Frame, Role, WebSocket};
use bytes::BytesMut;
use futures::{Sink, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_test::task;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::pair::client;

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
    assert_eq!(
        text,
        "the peer sent a message of 2001 bytes or more; max_message allows 2000 bytes"
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
    assert_eq!(
        text,
        "the peer sent a message of 2700 bytes or more; max_message allows 2000 bytes"
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

#[tokio::test]
async fn a_peer_that_does_not_read_makes_us_keep_little() {
    let (here, mut there) = duplex(1000);
    let config = Config::default();
    let read = BytesMut::new();
    let ours = WebSocket::new(here.compat(), Role::Server, None, read, &config);
    let mut ours = task::spawn(ours);
    let mut sent = 0;
    while ours.enter(|cx, ours| ours.poll_ready(cx)).is_ready() {
        let frame = Frame::text("x".repeat(10_000));
        ours.enter(|_, ours| ours.start_send(frame)).unwrap();
        sent += 1;
    }
    // 64 KiB and the message that went beyond, beside what the pipe took.
    assert_eq!(sent, 7);
    // Of the pings only the last one is answered, when there is room.
    for number in 0..50_u8 {
        there
            .write_all(&[0x89, 0x81, 0, 0, 0, 0, number])
            .await
            .unwrap();
        assert!(ours.poll_next().is_pending());
    }
    let mut rest = vec![0; sent * 10_004 + 3];
    let flush = poll_fn(|cx| ours.enter(|_, ours| ours.poll_flush(cx)));
    let (flushed, read) = tokio::join!(flush, there.read_exact(&mut rest));
    flushed.unwrap();
    read.unwrap();
    assert!(
        rest.ends_with(&[0x8A, 1, 49]),
        "{:?}",
        rest.last_chunk::<3>()
    );
}
