//! The testkit's suites: the transport on sockets, the wire on messages.

use await_layer::{TokioTimer, WsAwait};
use await_layer_testkit::conformance::{self, Samples, Text, mangled};
use await_layer_tungstenite::tokio_tungstenite::{accept_async, client_async};
use await_layer_tungstenite::{Frame, WebSocket};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

async fn sockets() -> (WebSocket<TcpStream>, WebSocket<TcpStream>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = async {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        client_async("ws://localhost/", stream).await.unwrap().0
    };
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        accept_async(stream).await.unwrap()
    };
    let (client, server) = tokio::join!(client, server);
    (WebSocket::new(client), WebSocket::new(server))
}

#[tokio::test]
async fn as_a_transport_of_text() {
    let text = Text::new(Frame::text, |frame: &Frame| {
        frame.as_text().map(str::as_bytes)
    });
    conformance::transport(text, TokioTimer::new(), sockets).await;
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
