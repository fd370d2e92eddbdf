//! The adapter on async-std 1.13.2, its last release.

use std::convert::Infallible;

use async_std::net::{TcpListener, TcpStream};
use async_std::task::{block_on, spawn};
use await_layer::{AsyncIoTimer, serve};
use await_layer_async_std::asynchronous_codec::Framed;
use await_layer_async_std::websocket::async_tungstenite::{accept_async, client_async};
use await_layer_async_std::websocket::{Frame, WebSocket};
use await_layer_async_std::{
    Codec, Config, ContentLength, Framing, LengthDelimited, Lines, async_std as tcp, websocket,
};
use await_layer_testkit::conformance::{self, Text};
use bytes::Bytes;
use futures::join;
use serde_json::{Value, json};

async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = join!(TcpStream::connect(address), listener.accept());
    let sockets = (client.unwrap(), server.unwrap().0);
    sockets.0.set_nodelay(true).unwrap();
    sockets.1.set_nodelay(true).unwrap();
    sockets
}

async fn conforms<C: Framing + Clone>(framing: C) {
    let text = Text::new(Bytes::from, |frame| Some(frame));
    conformance::transport(text, AsyncIoTimer::new(), async || {
        let (here, there) = sockets().await;
        let codec = || Codec::new(framing.clone());
        (Framed::new(here, codec()), Framed::new(there, codec()))
    })
    .await;
}

#[test]
fn streams_of_bytes_conform_with_each_framing() {
    block_on(async {
        conforms(LengthDelimited::new()).await;
        conforms(Lines::new()).await;
        conforms(ContentLength::new()).await;
    });
}

async fn websockets() -> (WebSocket<TcpStream>, WebSocket<TcpStream>) {
    let (here, there) = sockets().await;
    let (client, server) = join!(client_async("ws://localhost/", here), accept_async(there));
    (
        WebSocket::new(client.unwrap().0),
        WebSocket::new(server.unwrap()),
    )
}

#[test]
fn websockets_conform_with_text_and_binary_messages() {
    let text = Text::new(Frame::text, |frame: &Frame| {
        frame.as_text().map(str::as_bytes)
    });
    let binary = Text::new(Frame::binary, await_layer::BinaryFrame::binary);
    block_on(async {
        conformance::transport(text, AsyncIoTimer::new(), websockets).await;
        conformance::transport(binary, AsyncIoTimer::new(), websockets).await;
    });
}

#[test]
fn either_kind_of_connection_calls_from_a_spawned_task() {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        spawn(async move {
            let echo = async |question: Value| Ok::<_, Infallible>(question);
            let (stream, _) = listener.accept().await.unwrap();
            let layer = tcp::accept(stream, Config::lines()).unwrap();
            spawn(serve(layer.split().1, 4, echo));
            let (stream, _) = listener.accept().await.unwrap();
            let layer = tcp::websocket::accept(stream, websocket::Config::default());
            serve(layer.await.unwrap().split().1, 4, echo).await;
        });
        let question = json!({ "ask": 1 });
        let bytes = tcp::connect(address, Config::lines()).await.unwrap();
        let reply = bytes.send_await::<Value>(&question).await;
        assert_eq!(reply.unwrap(), question);
        let url = format!("ws://{address}");
        let text = tcp::websocket::connect(url, websocket::Config::default());
        let text = text.await.unwrap().handle();
        let calling = spawn(async move {
            let reply = text.send_await::<Value>(&json!({ "ask": 2 })).await;
            text.close().await;
            reply.unwrap()
        });
        assert_eq!(calling.await, json!({ "ask": 2 }));
    });
}
