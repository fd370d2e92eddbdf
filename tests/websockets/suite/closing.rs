//! Codes, reasons and ends.

use std::error::Error;
use std::pin::Pin;
use std::task::Poll;

use await_layer::{CallError, Cause, CloseReason, Sent};
use futures::{Sink, SinkExt, Stream, StreamExt, poll};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio_test::{assert_pending, assert_ready_ok, task};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{Config, Frame, InvalidClose, WebSocketError, client, close, transport};

fn goodbye(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame {
        code: code.into(),
        reason: reason.into(),
    }))
}

fn said(message: Message) -> (u16, String) {
    let Message::Close(Some(frame)) = message else {
        panic!("no close frame with a code: {message}");
    };
    (frame.code.into(), frame.reason.as_str().to_owned())
}

#[tokio::test]
async fn the_peers_code_and_reason_reach_every_pending_call() {
    let (layer, mut peer) = client(Config::default()).await;
    let handle = layer.handle();
    let one = handle.send_await::<Value>(&json!({ "q": 1 }));
    let two = handle.send_await::<Value>(&json!({ "q": 2 }));
    let end = async {
        for _ in 0..2 {
            peer.next().await.unwrap().unwrap();
        }
        peer.send(goodbye(4001, "enough")).await.unwrap();
        // This end says goodbye in turn, and is gone.
        let answer = peer.next().await.unwrap().unwrap();
        assert_eq!(said(answer), (4001, "enough".to_owned()));
    };
    let (one, two, ()) = tokio::join!(one, two, end);
    for result in [one, two] {
        let Err(CallError::Closed { reason, sent, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(reason.cause(), Cause::Eof);
        assert_eq!(reason.code(), Some(4001));
        assert_eq!(reason.text(), "enough");
        assert_eq!(sent, Sent::Yes);
    }
    assert_eq!(handle.in_flight(), 0);
}

#[tokio::test]
async fn the_error_of_the_stream_holds_the_reason_among_its_sources() {
    let (mut ours, mut peer) = transport().await;
    peer.send(goodbye(4002, "later")).await.unwrap();
    let error = ours.next().await.unwrap().unwrap_err();
    let reason = error.source().unwrap().downcast_ref::<CloseReason>();
    assert_eq!(reason.unwrap().code(), Some(4002));
    assert_eq!(error.to_string(), "closed by the peer (code 4002): later");
    assert!(ours.next().await.is_none(), "the stream is fused");
}

#[tokio::test]
async fn a_close_frame_without_a_code_counts_as_1005() {
    let (mut ours, mut peer) = transport().await;
    peer.send(Message::Close(None)).await.unwrap();
    let error = ours.next().await.unwrap().unwrap_err();
    assert_eq!(error.reason().code(), Some(1005));
    assert_eq!(error.reason().cause(), Cause::Eof);
}

#[tokio::test]
async fn an_end_without_goodbye_is_1006_and_no_busy_loop() {
    let (mut ours, mut peer) = transport().await;
    // Half closed: the peer could still read.
    peer.get_mut().shutdown().await.unwrap();
    let error = ours.next().await.unwrap().unwrap_err();
    assert!(matches!(error, WebSocketError::Closed(_)));
    assert_eq!(error.reason().code(), Some(1006));
    let mut ours = task::spawn(ours);
    for _ in 0..3 {
        assert!(matches!(ours.poll_next(), Poll::Ready(None)));
    }
    assert!(!ours.is_woken(), "nothing asks to be polled again");
}

#[tokio::test]
async fn half_a_frame_and_the_end_fail_the_calls() {
    let (layer, mut peer) = client(Config::default()).await;
    let handle = layer.handle();
    let end = async {
        peer.next().await.unwrap().unwrap();
        // A text frame that claims five bytes and has one.
        peer.get_mut().write_all(b"\x81\x05x").await.unwrap();
        peer.get_mut().shutdown().await.unwrap();
    };
    let (result, ()) = tokio::join!(handle.send_await::<Value>(&json!({})), end);
    let Err(CallError::Closed { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(1006)));
}

#[tokio::test]
async fn closing_sends_one_close_frame_and_waits_for_the_peers() {
    let (ours, mut peer) = transport().await;
    let mut ours = task::spawn(ours);
    assert_pending!(ours.enter(|cx, ours| Sink::poll_close(ours, cx)));
    assert_eq!(
        said(peer.next().await.unwrap().unwrap()),
        (1000, String::new())
    );
    // Nothing more is sent, however often it is polled.
    assert_pending!(ours.enter(|cx, ours| Sink::poll_close(ours, cx)));
    assert!(matches!(poll!(peer.next()), Poll::Ready(None)));
    assert_ready_ok!(ours.enter(|cx, ours| Sink::poll_close(ours, cx)));
    assert!(matches!(ours.poll_next(), Poll::Ready(None)));
    assert_ready_ok!(ours.enter(|cx, ours| Sink::poll_close(ours, cx)));
}

#[tokio::test]
async fn messages_that_cross_our_close_are_left_for_the_stream() {
    let (ours, mut peer) = transport().await;
    let mut ours = task::spawn(ours);
    peer.send(Message::text("one")).await.unwrap();
    peer.send(Message::text("two")).await.unwrap();
    assert_pending!(ours.enter(|cx, ours| Sink::poll_close(ours, cx)));
    assert!(ours.is_woken(), "the stream has something");
    for text in ["one", "two"] {
        assert_pending!(ours.enter(|cx, ours| Sink::poll_close(ours, cx)));
        let next = ours.enter(|cx, ours| Stream::poll_next(ours, cx));
        let Poll::Ready(Some(Ok(frame))) = next else {
            panic!("{text} is gone");
        };
        assert_eq!(frame, Frame::text(text));
    }
    peer.next().await.unwrap().unwrap();
    drop(peer);
    assert_ready_ok!(ours.enter(|cx, ours| Sink::poll_close(ours, cx)));
}

#[tokio::test]
async fn a_close_code_of_our_own_reaches_the_peer_behind_what_was_queued() {
    let (layer, mut peer) = client(Config::default()).await;
    let handle = layer.handle();
    handle.try_send(&json!({ "last": "words" })).unwrap();
    let listen = async {
        let words = peer.next().await.unwrap().unwrap();
        assert_eq!(words, Message::text(r#"{"last":"words"}"#));
        assert_eq!(
            said(peer.next().await.unwrap().unwrap()),
            (4003, "done".to_owned())
        );
        assert!(peer.next().await.is_none());
    };
    let (reason, ()) = tokio::join!(close(&handle, 4003, "done"), listen);
    assert_eq!(reason.unwrap().cause(), Cause::Local);
}

#[tokio::test]
async fn a_code_that_may_not_go_over_the_wire_changes_nothing() {
    let (layer, _peer) = client(Config::default()).await;
    let handle = layer.handle();
    for code in [0, 999, 1004, 1005, 1006, 1015, 5000] {
        let refused = close(&handle, code, "").await;
        assert_eq!(refused, Err(InvalidClose::Code(code)));
    }
    let long = "x".repeat(124);
    assert_eq!(
        close(&handle, 1000, &long).await,
        Err(InvalidClose::Reason(124))
    );
    assert_eq!(handle.close_reason(), None);
    handle.try_send(&json!({})).expect("it is still open");
}

#[tokio::test]
async fn a_peer_that_never_answers_our_close_has_until_the_close_timeout() {
    let mut config = Config::default();
    config.limits.close_timeout = std::time::Duration::ZERO;
    let (layer, _peer) = client(config).await;
    assert_eq!(layer.handle().close().await.cause(), Cause::CloseTimeout);
}

#[tokio::test]
async fn the_sink_fails_once_the_peer_has_closed() {
    let (mut ours, mut peer) = transport().await;
    peer.send(goodbye(4001, "enough")).await.unwrap();
    assert!(ours.next().await.unwrap().is_err());
    let error = ours.send(Frame::text("too late")).await.unwrap_err();
    assert_eq!(error.reason().code(), Some(4001));
    assert_ready_ok!(task::spawn(ours).enter(|cx, ours: Pin<&mut _>| ours.poll_close(cx)));
}
