//! The testkit's suites: the transport on sockets, with compression and
//! without, on two runtimes; the wire on messages.

use await_layer::{AsyncIoTimer, TokioTimer, WsAwait};
use await_layer_deflate::{Config, Deflate, Frame, SendOptions, Tcp, WebSocket};
use await_layer_testkit::conformance::{self, Samples, Text, mangled};
use futures::join;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::compat::TokioAsyncReadCompatExt;

fn always() -> Config {
    let deflate = Deflate {
        threshold: 1,
        ..Deflate::default()
    };
    Config {
        deflate: Some(deflate),
        ..Config::default()
    }
}

fn text() -> Text<Frame> {
    Text::new(Frame::text, |frame| frame.as_text().map(str::as_bytes))
}

async fn sockets(config: &Config) -> (WebSocket<Tcp>, WebSocket<Tcp>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = async {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let asked = WebSocket::client(stream.compat(), "ws://localhost/", config);
        asked.await.unwrap().0
    };
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let accepted = WebSocket::server(stream.compat(), config, |_, _| Ok(()));
        accepted.await.unwrap()
    };
    join!(client, server)
}

#[tokio::test]
async fn as_a_transport_of_text() {
    let config = Config {
        deflate: None,
        ..Config::default()
    };
    let timer = TokioTimer::new();
    conformance::transport(text(), timer, async || {
        let ends = Box::pin(sockets(&config)).await;
        assert_eq!(ends.0.agreed(), None);
        ends
    })
    .await;
}

#[tokio::test]
async fn as_a_transport_of_compressed_text() {
    let config = always();
    let timer = TokioTimer::new();
    conformance::transport(text(), timer, async || {
        let ends = Box::pin(sockets(&config)).await;
        assert!(ends.0.agreed().is_some() && ends.1.agreed().is_some());
        ends
    })
    .await;
}

#[test]
fn as_a_transport_of_compressed_text_on_smol() {
    let config = always();
    smol::block_on(async {
        let timer = AsyncIoTimer::new();
        conformance::transport(text(), timer, async || {
            Box::pin(async {
                let listener = smol::net::TcpListener::bind(("127.0.0.1", 0))
                    .await
                    .unwrap();
                let address = listener.local_addr().unwrap();
                let client = async {
                    let stream = smol::net::TcpStream::connect(address).await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let asked = WebSocket::client(stream, "ws://localhost/", &config);
                    asked.await.unwrap().0
                };
                let server = async {
                    let (stream, _) = listener.accept().await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let accepted = WebSocket::server(stream, &config, |_, _| Ok(()));
                    accepted.await.unwrap()
                };
                join!(client, server)
            })
            .await
        })
        .await;
    });
}

#[test]
fn the_ws_await_wire_on_messages() {
    let damaged = mangled(br#"{"awaitId":"_1","body":[{}]}"#, 11);
    let hostile = damaged.iter().flat_map(|bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        [Frame::text(text), Frame::binary(bytes.clone())]
    });
    let compressed = SendOptions {
        compress: Some(true),
        ..SendOptions::default()
    };
    let samples = Samples::new([json!({}), json!({ "ask": 1 })], [json!({ "say": null })])
        .plain([
            Frame::text(r#"{"no":"id"}"#).with_options(compressed),
            Frame::binary("not JSON"),
        ])
        .unsealable([Frame::text("[1]"), Frame::ping("ping")])
        .hostile(hostile);
    conformance::protocol(WsAwait::<Frame>::new, &samples);
}
