//! WebSocket by async-tungstenite.

use await_layer::{AsyncIoTimer, CallError, Cause};
use await_layer_async_std::smol::websocket as tcp;
use await_layer_async_std::websocket::async_tungstenite::{
    WebSocketStream, accept_async, client_async_with_config,
};
use await_layer_async_std::websocket::tungstenite::Message;
use await_layer_async_std::websocket::{
    Binary, Config, Frame, HandshakeError, WebSocket, close, layer,
};
use await_layer_testkit::conformance::{self, Text};
use await_layer_testkit::contract::Contract;
use futures::{StreamExt, join};
use serde_json::{Value, json};
use smol::net::{TcpListener, TcpStream};

type Bare = WebSocketStream<TcpStream>;

async fn bare(config: &Config) -> (Bare, Bare) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let websocket = config.websocket().unwrap();
    let client = async {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let client = client_async_with_config("ws://localhost/", stream, Some(websocket));
        client.await.unwrap().0
    };
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        accept_async(stream).await.unwrap()
    };
    join!(client, server)
}

async fn sockets() -> (
    Contract<WebSocket<TcpStream>>,
    Contract<WebSocket<TcpStream>>,
) {
    let (client, server) = bare(&Config::default()).await;
    let wrap = |stream| Contract::new(WebSocket::new(stream));
    (wrap(client), wrap(server))
}

#[test]
fn conforms_with_text_messages() {
    let text = Text::new(Frame::text, |frame: &Frame| {
        frame.as_text().map(str::as_bytes)
    });
    smol::block_on(conformance::transport(text, AsyncIoTimer::new(), sockets));
}

#[test]
fn conforms_with_binary_messages_on_an_executor() {
    let text = Text::new(Frame::binary, await_layer::BinaryFrame::binary);
    let suite = conformance::transport(text, AsyncIoTimer::new(), sockets);
    let executor = smol::LocalExecutor::new();
    smol::block_on(executor.run(suite));
}

#[test]
fn a_request_in_a_binary_message_is_one() {
    smol::block_on(async {
        let (ours, mut peer) = bare(&Config::default()).await;
        let layer = layer(ours, Config::default());
        let question = json!({ "ask": 1 });
        let call = layer.send_await::<Value>(&Binary(&question));
        let echo = async {
            let request = peer.next().await.unwrap().unwrap();
            assert!(request.is_binary());
            peer.send(request).await.unwrap();
        };
        assert_eq!(join!(call, echo).0.unwrap(), question);
    });
}

#[test]
fn code_and_text_of_a_close_reach_the_other_end_either_way() {
    smol::block_on(async {
        let (ours, mut peer) = bare(&Config::default()).await;
        let layer = layer(ours, Config::default());
        let handle = layer.handle();
        let heard = async {
            let Some(Ok(Message::Close(Some(frame)))) = peer.next().await else {
                panic!("no close frame");
            };
            assert!(peer.next().await.is_none());
            (u16::from(frame.code), frame.reason.to_string())
        };
        let (closed, heard) = join!(close(&handle, 4001, "enough"), heard);
        assert_eq!(closed.unwrap().cause(), Cause::Local);
        assert_eq!(heard, (4001, "enough".to_owned()));
    });
}

#[test]
fn a_message_over_the_limit_ends_it_with_1009_and_names_the_limit() {
    smol::block_on(async {
        let config = Config {
            max_message: 1000,
            ..Config::default()
        };
        let (ours, mut peer) = bare(&config).await;
        let layer = layer(ours, config);
        let answer = async {
            peer.next().await.unwrap().unwrap();
            peer.send(Message::text("x".repeat(1001))).await.unwrap();
            peer.next().await
        };
        let (result, told) = join!(layer.send_await::<Value>(&json!({})), answer);
        let Err(CallError::Closed { reason, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(
            (reason.text(), reason.code()),
            (
                "the peer sent 1001 bytes at once; max_message allows 1000",
                Some(1009)
            )
        );
        assert!(matches!(told, Some(Ok(Message::Close(Some(it)))) if u16::from(it.code) == 1009));
    });
}

#[test]
fn a_peer_that_vanishes_is_1006() {
    smol::block_on(async {
        let (ours, mut peer) = bare(&Config::default()).await;
        let layer = layer(ours, Config::default());
        let call = layer.send_await::<Value>(&json!({}));
        let vanish = async {
            peer.next().await.unwrap().unwrap();
            drop(peer);
        };
        let (result, ()) = join!(call, vanish);
        let Err(CallError::Closed { reason, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(1006)));
    });
}

#[test]
fn addresses_that_cannot_work_are_refused() {
    smol::block_on(async {
        for url in ["wss://localhost/", "http://localhost/", "not a URL"] {
            let refused = tcp::connect(url, Config::default()).await.map(drop);
            assert!(
                matches!(refused, Err(HandshakeError::Address(_))),
                "{url}: {refused:?}"
            );
        }
        let listener = TcpListener::bind("[::1]:0").await;
        // Where there is no IPv6, nothing is shown.
        let Ok(listener) = listener else { return };
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let accepted = async {
            let (stream, _) = listener.accept().await.unwrap();
            tcp::accept(stream, Config::default()).await
        };
        let (client, server) = join!(tcp::connect(url, Config::default()), accepted);
        assert!(client.is_ok() && server.is_ok());
    });
}
