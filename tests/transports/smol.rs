//! WebSocket by async-tungstenite, over TCP, on smol.

use async_tungstenite::tungstenite::Message;
use async_tungstenite::{WebSocketStream, accept_async, client_async};
use await_layer::AsyncIoTimer;
use await_layer_testkit::conformance::{self, Text};
use futures::future::join;
use smol::net::{TcpListener, TcpStream};

async fn sockets() -> (WebSocketStream<TcpStream>, WebSocketStream<TcpStream>) {
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
    join(client, server).await
}

fn payload(frame: &Message) -> Option<&[u8]> {
    match frame {
        Message::Text(text) => Some(text.as_bytes()),
        Message::Binary(bytes) => Some(bytes),
        _ => None,
    }
}

#[test]
fn conforms_with_text_frames() {
    let text = Text::new(|text| Message::Text(text.into()), payload);
    smol::block_on(conformance::transport(text, AsyncIoTimer::new(), sockets));
}

#[test]
fn conforms_with_binary_frames() {
    let text = Text::new(|text| Message::Binary(text.into()), payload);
    let suite = conformance::transport(text, AsyncIoTimer::new(), sockets);
    let executor = smol::LocalExecutor::new();
    smol::block_on(executor.run(suite));
}
