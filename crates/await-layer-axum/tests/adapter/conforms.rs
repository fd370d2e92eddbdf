//! The testkit's suites: the transport on sockets, the wire on messages.

use std::future::{Ready, ready};

use await_layer::{TokioTimer, Transport, WsAwait};
use await_layer_axum::{Frame, WebSocket};
use await_layer_testkit::conformance::{self, Samples, Text, mangled};
use await_layer_tungstenite as client;
use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::Message;
use axum::routing::any;
use futures::{SinkExt, TryStreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::server::serve;

/// A client whose frames are those of the server: both ends of the suite have
/// the same.
fn as_ours(io: client::WebSocket<TcpStream>) -> impl Transport<Frame> {
    let theirs = |frame: Frame| -> Ready<Result<client::Frame, client::WebSocketError>> {
        ready(Ok(match frame.into_message() {
            Message::Text(text) => client::Frame::text(text.as_str()),
            other => client::Frame::binary(other.into_data()),
        }))
    };
    let ours = |frame: client::Frame| match frame.as_text() {
        Some(text) => Frame::text(text),
        None => Frame::binary(frame.into_message().into_data()),
    };
    io.map_ok(ours).with(theirs)
}

#[tokio::test]
async fn as_a_transport_of_text() {
    let (sender, mut sockets) = mpsc::unbounded_channel();
    let handler = async move |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(|socket| async move {
            sender.send(WebSocket::new(socket)).unwrap();
        })
    };
    let address = serve(Router::new().route("/", any(handler))).await;
    let connect = async || {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let dialled = tokio_tungstenite::client_async("ws://localhost/", stream);
        let (socket, _) = dialled.await.unwrap();
        let server = sockets.recv().await.unwrap();
        (as_ours(client::WebSocket::new(socket)), server)
    };
    let text = Text::new(Frame::text, |frame: &Frame| {
        frame.as_text().map(str::as_bytes)
    });
    conformance::transport(text, TokioTimer::new(), connect).await;
}

#[test]
fn the_ws_await_wire_on_messages() {
    let damaged = mangled(br#"{"awaitId":"_1","body":[{}]}"#, 11);
    let hostile = damaged.iter().flat_map(|bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        [Frame::text(text), Frame::binary(bytes.clone())]
    });
    let samples = Samples::new([json!({}), json!({ "ask": 1 })], [json!({ "say": null })])
        .plain([Frame::text(r#"{"no":"id"}"#), Frame::binary("not JSON")])
        .unsealable([Frame::text("[1]"), Frame::ping("ping")])
        .hostile(hostile);
    conformance::protocol(WsAwait::<Frame>::new, &samples);
}
