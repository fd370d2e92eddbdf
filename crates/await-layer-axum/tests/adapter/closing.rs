//! Codes, reasons and ends.

use std::error::Error;

use await_layer::{CallError, Cause, CloseReason, Sent};
use await_layer_axum::{Config, InvalidClose, Sockets, WebSocketError, close};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::server::{connected, dial, handing_out, serve};

fn goodbye(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame {
        code: code.into(),
        reason: reason.into(),
    }))
}

/// The code and the reason of a close frame.
pub(crate) fn said(message: Message) -> (u16, String) {
    let Message::Close(Some(frame)) = message else {
        panic!("no close frame with a code: {message}");
    };
    (frame.code.into(), frame.reason.as_str().to_owned())
}

#[tokio::test]
async fn the_peers_code_and_reason_reach_every_pending_call() {
    let (handle, _incoming, mut peer) = connected(Config::default()).await;
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
        assert!(peer.next().await.is_none());
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
    let (app, mut layers) = handing_out(Sockets::default());
    let mut peer = dial(serve(app).await).await;
    let mut layer = layers.recv().await.unwrap();
    peer.send(goodbye(4002, "later")).await.unwrap();
    let error = layer.next().await.unwrap().unwrap_err();
    assert!(matches!(error, WebSocketError::Closed(_)));
    let reason = error.source().unwrap().downcast_ref::<CloseReason>();
    assert_eq!(reason.unwrap().code(), Some(4002));
    assert_eq!(error.to_string(), "closed by the peer (code 4002): later");
    assert!(layer.next().await.is_none());
}

#[tokio::test]
async fn a_close_frame_without_a_code_counts_as_1005() {
    let (handle, _incoming, mut peer) = connected(Config::default()).await;
    peer.send(Message::Close(None)).await.unwrap();
    let reason = handle.closed().await;
    assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(1005)));
}

#[tokio::test]
async fn an_end_without_goodbye_is_1006() {
    let (handle, _incoming, mut peer) = connected(Config::default()).await;
    let call = handle.send_await::<Value>(&json!({}));
    let end = async {
        peer.next().await.unwrap().unwrap();
        // A text frame that claims five bytes and has one.
        peer.get_mut().write_all(b"\x81\x85abcdx").await.unwrap();
        peer.get_mut().shutdown().await.unwrap();
    };
    let (result, ()) = tokio::join!(call, end);
    let Err(CallError::Closed { reason, .. }) = result else {
        panic!("{result:?}");
    };
    assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(1006)));
}

#[tokio::test]
async fn a_close_code_of_our_own_reaches_the_peer_behind_what_was_queued() {
    let (handle, _incoming, mut peer) = connected(Config::default()).await;
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
    let (handle, _incoming, _peer) = connected(Config::default()).await;
    for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
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
    let (handle, _incoming, _peer) = connected(config).await;
    assert_eq!(handle.close().await.cause(), Cause::CloseTimeout);
}
