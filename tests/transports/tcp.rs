//! TCP on tokio, with tokio-util's length-delimited frames.

use std::convert::Infallible;
use std::io;

use await_layer::{AwaitLayer, Limits, TokioTimer, Transport, WsAwait, serve};
use await_layer_testkit::conformance::{self, Text};
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

/// The codec yields `BytesMut` and takes `Bytes`; a transport has one type of
/// frame.
fn framed(stream: TcpStream) -> impl Transport<Bytes, ReadError = io::Error> + Send + 'static {
    Framed::new(stream, LengthDelimitedCodec::new()).map_ok(BytesMut::freeze)
}

async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(address), listener.accept());
    let sockets = (client.unwrap(), server.unwrap().0);
    // As any adapter does: else a frame waits for the ACK of the one before.
    sockets.0.set_nodelay(true).unwrap();
    sockets.1.set_nodelay(true).unwrap();
    sockets
}

fn layer<S: Transport<Bytes>>(transport: S) -> AwaitLayer<S, WsAwait<Bytes>, TokioTimer> {
    AwaitLayer::with(
        transport,
        WsAwait::new(),
        TokioTimer::new(),
        Limits::default(),
    )
}

async fn conforms() {
    let text = Text::new(Bytes::from, |frame| Some(frame));
    conformance::transport(text, TokioTimer::new(), async || {
        let (client, server) = sockets().await;
        (framed(client), framed(server))
    })
    .await;
}

#[tokio::test]
async fn conforms_on_one_thread() {
    conforms().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms_on_several_threads() {
    conforms().await;
}

#[tokio::test]
async fn a_frame_beyond_the_limit_ends_the_connection_with_its_error() {
    let (client, server) = sockets().await;
    let mut narrow = LengthDelimitedCodec::new();
    narrow.set_max_frame_length(64);
    let narrow = Framed::new(client, narrow).map_ok(BytesMut::freeze);
    let here = layer(narrow);
    let there = layer(framed(server));
    let (_there, to_there) = there.split();
    tokio::spawn(serve(to_there, 1, async |_: Value| {
        Ok::<_, Infallible>(json!({ "long": "!".repeat(100) }))
    }));
    let outcome = here.send_await::<Value>(&json!({ "a": 1 })).await;
    let error = outcome.unwrap_err();
    assert!(error.to_string().contains("frame size"), "{error}");
}
