//! The testkit's suite, on real sockets.

use await_layer::TokioTimer;
use await_layer_axum::{Frame, Socket, WebSocket};
use await_layer_testkit::conformance::{self, Text};
use await_layer_tungstenite as client;
use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::routing::any;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::server::serve;

#[tokio::test]
async fn as_a_transport_of_text() {
    let (sender, mut sockets) = mpsc::unbounded_channel();
    let handler = async move |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(|socket| async move {
            sender.send(WebSocket::new(Socket::new(socket))).unwrap();
        })
    };
    let address = serve(Router::new().route("/", any(handler))).await;
    let connect = async || {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let dialled = tokio_tungstenite::client_async("ws://localhost/", stream);
        let (socket, _) = dialled.await.unwrap();
        let server = sockets.recv().await.unwrap();
        (client::WebSocket::new(socket), server)
    };
    let text = Text::new(Frame::text, |frame: &Frame| {
        frame.as_text().map(str::as_bytes)
    });
    conformance::transport(text, TokioTimer::new(), connect).await;
}
