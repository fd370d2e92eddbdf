//! Requests that become sockets, or do not.

use std::convert::Infallible;

use await_layer::{
    AwaitIdCodec, BinaryFrame, Head, Peek, Protocol, Raw, SealError, SlotIds, WsAwait,
    serve as answer,
};
use await_layer_axum::{Config, ConfigError, Frame, Sockets, Upgrade};
use axum::Router;
use axum::extract::{FromRef, State};
use axum::response::Response;
use axum::routing::any;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::server::{Answer, Bare, ask, dial, serve};

/// Dials with these subprotocols; what the server chose comes back.
async fn offering(address: std::net::SocketAddr, offered: &str) -> (Bare, Option<String>) {
    let mut request = format!("ws://{address}/socket")
        .into_client_request()
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("Sec-WebSocket-Protocol", offered.parse().unwrap());
    let (peer, response) = connect_async(request).await.unwrap();
    let chosen = response.headers().get("Sec-WebSocket-Protocol");
    (peer, chosen.map(|name| name.to_str().unwrap().to_owned()))
}

fn speaking(subprotocols: &[&str]) -> Sockets {
    let config = Config {
        subprotocols: subprotocols.iter().map(ToString::to_string).collect(),
        ..Config::default()
    };
    Sockets::new(config).unwrap()
}

/// Tells its client the subprotocol.
async fn telling(upgrade: Upgrade) -> Response {
    let chosen = upgrade.subprotocol().map(str::to_owned);
    upgrade.on_upgrade(|layer| async move {
        let told = layer.handle().send(&json!(chosen)).await;
        told.unwrap();
    })
}

#[tokio::test]
async fn the_servers_first_choice_among_the_offers_is_spoken() {
    let app = Router::new()
        .route("/socket", any(telling))
        .with_state(speaking(&["v2", "v1"]));
    let address = serve(app).await;
    for (offered, chosen) in [("v1, v2", "v2"), ("v1", "v1"), ("v0,v1", "v1")] {
        let (mut peer, said) = offering(address, offered).await;
        assert_eq!(said.as_deref(), Some(chosen));
        let told = peer.next().await.unwrap().unwrap();
        assert_eq!(told, Message::text(format!("\"{chosen}\"")));
    }
}

#[tokio::test]
async fn who_offers_nothing_that_is_spoken_is_told_what_is() {
    let app = Router::new()
        .route("/socket", any(telling))
        .with_state(speaking(&["v2", "v1"]));
    let address = serve(app).await;
    let offer = ("Sec-WebSocket-Protocol", "v3, V2");
    let Answer { status, body, .. } = ask(address, "/socket", &[("Host", "x"), offer]).await;
    assert_eq!(status, 400);
    assert_eq!(
        body,
        "none of the subprotocols offered is spoken here: v2, v1"
    );
    // No offer is no disagreement.
    let mut peer = dial(address).await;
    assert_eq!(peer.next().await.unwrap().unwrap(), Message::text("null"));
}

#[tokio::test]
async fn offers_are_ignored_by_a_server_that_names_no_subprotocols() {
    let app = Router::new()
        .route("/socket", any(telling))
        .with_state(Sockets::default());
    let offer = ("Sec-WebSocket-Protocol", "v1");
    let answer = ask(serve(app).await, "/socket", &[("Host", "x"), offer]).await;
    assert_eq!(answer.status, 101);
    assert!(!answer.head.contains("sec-websocket-protocol"));
}

#[tokio::test]
async fn plain_requests_get_axums_own_answers() {
    let app = Router::new()
        .route("/socket", any(telling))
        .with_state(Sockets::default());
    let address = serve(app).await;
    let client = async |text: &'static str| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        String::from_utf8(head.to_vec()).unwrap()
    };
    let get = client("GET /socket HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(get, "HTTP/1.1 400");
    let post = client("POST /socket HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(post, "HTTP/1.1 405");
}

#[test]
fn what_cannot_work_is_refused_and_named() {
    let small = Config {
        max_write_buffer: 100,
        ..Config::default()
    };
    let error = Sockets::new(small).unwrap_err();
    assert_eq!(error, ConfigError::WriteBuffer(100));
    assert!(error.to_string().contains("max_write_buffer"));
    for name in ["", "two words", "a,b", "\u{fc}"] {
        let config = Config {
            subprotocols: vec![name.to_owned()],
            ..Config::default()
        };
        let error = Sockets::new(config).unwrap_err();
        assert_eq!(error, ConfigError::Subprotocol(name.to_owned()));
    }
}

/// Sockets may be a part of what handlers share.
#[derive(Clone)]
struct Shared {
    sockets: Sockets,
    greeting: &'static str,
}

impl FromRef<Shared> for Sockets {
    fn from_ref(shared: &Shared) -> Self {
        shared.sockets.clone()
    }
}

#[tokio::test]
async fn the_state_may_hold_more_than_sockets() {
    let handler = async |State(shared): State<Shared>, upgrade: Upgrade| {
        upgrade.on_upgrade(move |layer| async move {
            layer.handle().send(shared.greeting).await.unwrap();
        })
    };
    let shared = Shared {
        sockets: Sockets::default(),
        greeting: "hello",
    };
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(shared);
    let mut peer = dial(serve(app).await).await;
    let greeting = peer.next().await.unwrap().unwrap();
    assert_eq!(greeting, Message::text("\"hello\""));
}

/// A protocol of the user's: a byte for the kind, two for the id, and the body.
#[derive(Clone, Debug)]
struct Header;

impl AwaitIdCodec<Frame> for Header {
    type Id = u16;
    type Ask = u16;

    fn peek(&mut self, frame: &Frame) -> Peek<u16, u16> {
        match BinaryFrame::binary(frame) {
            Some([b'?', high, low, ..]) => Peek::Request(u16::from_be_bytes([*high, *low])),
            Some([b'!', high, low, ..]) => Peek::Reply(u16::from_be_bytes([*high, *low])),
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut Frame, head: Head<'_, u16, u16>) -> Result<(), SealError> {
        let (kind, id) = match head {
            Head::Request(id) => (b"?", id),
            Head::Reply(ask) => (b"!", ask),
            _ => return Err(SealError::new("only requests and replies")),
        };
        let body = BinaryFrame::binary(frame).unwrap_or(&[]);
        *frame = Frame::binary([&kind[..], &id.to_be_bytes(), body].concat());
        Ok(())
    }

    fn strip(&mut self, frame: &mut Frame) {
        let body = BinaryFrame::binary(frame).and_then(|bytes| bytes.get(3..));
        *frame = Frame::binary(body.unwrap_or(&[]).to_vec());
    }

    fn size(frame: &Frame) -> usize {
        frame.len()
    }
}

impl Protocol for Header {
    type Frame = Frame;
    type Packer = Raw;
    type Codec = Self;
    type Ids = SlotIds<u16>;

    fn into_parts(self) -> (Raw, Self, SlotIds<u16>) {
        (Raw, self, SlotIds::default())
    }
}

async fn upside_down(frame: Frame) -> Result<Frame, Infallible> {
    let bytes = BinaryFrame::binary(&frame).unwrap();
    Ok(Frame::binary(
        bytes.iter().rev().copied().collect::<Vec<_>>(),
    ))
}

#[tokio::test]
async fn any_protocol_is_spoken() {
    let handler = async |upgrade: Upgrade<Header>| {
        upgrade.on_upgrade(|layer| async move {
            answer(layer.split().1, 4, upside_down).await;
        })
    };
    let sockets = Sockets::new(Config::new(Header)).unwrap();
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(sockets);
    let mut peer = dial(serve(app).await).await;
    peer.send(Message::binary(b"?\0\x05abc".to_vec()))
        .await
        .unwrap();
    let reply = peer.next().await.unwrap().unwrap();
    assert_eq!(reply, Message::binary(b"!\0\x05cba".to_vec()));
}

#[tokio::test]
async fn the_subprotocol_may_choose_the_protocol() {
    let handler = async |upgrade: Upgrade| match upgrade.subprotocol() {
        Some("bytes") => upgrade.speaking(Header).on_upgrade(|layer| async move {
            answer(layer.split().1, 4, upside_down).await;
        }),
        _ => upgrade
            .speaking(WsAwait::new().field("rid"))
            .on_upgrade(|layer| async move {
                let echo = async |value: Value| Ok::<_, Infallible>(value);
                answer(layer.split().1, 4, echo).await;
            }),
    };
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(speaking(&["bytes", "json"]));
    let address = serve(app).await;
    for (name, request, reply) in [
        (
            "json",
            Message::text(r#"{"rid":"_1","a":1}"#),
            Message::text(r#"{"rid":"_1","a":1}"#),
        ),
        (
            "bytes",
            Message::binary(b"?\0\x01ab".to_vec()),
            Message::binary(b"!\0\x01ba".to_vec()),
        ),
    ] {
        let (mut peer, _) = offering(address, name).await;
        peer.send(request).await.unwrap();
        assert_eq!(peer.next().await.unwrap().unwrap(), reply);
    }
}
