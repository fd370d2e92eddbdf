//! The transport that compresses: each message as its options say.

use await_layer_deflate::{Agreed, HandshakeError, Role, WebSocket};
use await_layer_ws_await::{
    AwaitError, Capabilities, Config, ConnectError, Data, Deflate, Event, SendOptions, Settings,
    WebSocketAwait, WebSocketAwaitServer,
};
use bytes::BytesMut;
use futures::StreamExt;
use serde_json::json;
use tokio::join;
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::pair::{End, pair};
use crate::raw::Raw;

const USUAL: SendOptions = SendOptions {
    compress: None,
    binary: None,
    mask: None,
    fin: None,
};

fn compress(compress: bool) -> SendOptions {
    SendOptions {
        compress: Some(compress),
        ..USUAL
    }
}

fn deflating() -> Config {
    Config {
        deflate: Some(Deflate::default()),
        ..Config::default()
    }
}

/// A server's end that agreed on compression, and the bytes at the other.
fn raw() -> Raw {
    let (near, wire) = tokio::io::duplex(1 << 20);
    let agreed = Agreed {
        own_context: true,
        peer_context: true,
    };
    let config = await_layer_deflate::Config::default();
    let read = BytesMut::new();
    let io = WebSocket::new(near.compat(), Role::Server, Some(agreed), read, &config);
    let capabilities = Capabilities {
        transport: "await-layer-deflate",
        compress: true,
        masks: false,
        fragments: true,
    };
    let (socket, events) =
        WebSocketAwait::over(io.with_pings(), capabilities, Settings::new()).unwrap();
    Raw {
        socket,
        events,
        wire,
    }
}

/// Answers one request with what it holds.
async fn echo(end: &mut End, options: SendOptions) {
    let Event::MessageAwait(data, ask) = end.next().await else {
        panic!("no request");
    };
    let answer = end.socket.res_await_with(data, ask, options);
    answer.await.unwrap();
}

#[tokio::test]
async fn compress_decides_for_each_message() {
    let mut end = raw();
    let text = "so ".repeat(30);
    for (options, first) in [
        (compress(true), 0xC1),
        (compress(false), 0x81),
        (USUAL, 0x81),
        (compress(true), 0xC1),
    ] {
        end.socket
            .send_with(Data::text(&text), options)
            .await
            .unwrap();
        let seen = end.see().await;
        assert_eq!(seen.first, first);
        assert_eq!(seen.payload == text.as_bytes(), first == 0x81);
        assert!(seen.payload.len() <= text.len());
    }
}

/// Of a message in fragments, the first frame says it for all.
#[tokio::test]
async fn fragments_are_compressed_together() {
    let mut end = raw();
    let part = SendOptions {
        fin: Some(false),
        ..compress(true)
    };
    let last = SendOptions {
        fin: Some(true),
        ..USUAL
    };
    let text = "so ".repeat(30);
    end.socket.send_with(Data::text(&text), part).await.unwrap();
    end.socket.send(json!("in between")).await.unwrap();
    end.socket.send_with(Data::text(&text), last).await.unwrap();
    let mut firsts = Vec::new();
    for _ in 0..3 {
        firsts.push(end.see().await.first);
    }
    assert_eq!(firsts, [0x81, 0x41, 0x80]);
}

#[tokio::test]
async fn calls_pass_compressed_and_in_fragments() {
    let (client, mut server) = pair(deflating(), deflating()).await;
    assert!(client.socket.capabilities().compress && server.socket.capabilities().compress);
    let text = "so ".repeat(1000);
    for compressed in [true, false] {
        let part = SendOptions {
            fin: Some(false),
            ..compress(compressed)
        };
        let last = SendOptions {
            fin: Some(true),
            ..USUAL
        };
        let call = client.socket.send_await_with(json!({ "q": text }), part);
        let rest = client.socket.send_with(Data::text(" "), last);
        let answer = echo(&mut server, compress(compressed));
        let (reply, rest, ()) = join!(call, rest, answer);
        rest.unwrap();
        assert_eq!(reply.unwrap(), json!({ "q": text }));
    }
    client.socket.ping("there?").await.unwrap();
    assert!(matches!(server.next().await, Event::Ping(payload) if payload == "there?"));
    server.socket.close_with(4001, "enough").await.unwrap();
    let events: Vec<_> = client.events.collect().await;
    let Some(Event::Close(reason)) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!((reason.code(), reason.text()), (Some(4001), "enough"));
    let late = client.socket.send_await(json!({})).await;
    assert!(matches!(late, Err(AwaitError::Send(_))));
}

/// Over TCP, and either end may do without.
#[tokio::test]
async fn without_an_agreement_it_is_an_error_of_the_call() {
    for (ours, theirs, agree) in [
        (deflating(), deflating(), true),
        (deflating(), Config::default(), false),
        (Config::default(), deflating(), false),
    ] {
        let (is_plain, far_is_plain) = (ours.deflate.is_none(), theirs.deflate.is_none());
        let server = WebSocketAwaitServer::bind("127.0.0.1:0", theirs);
        let server = server.await.unwrap();
        let url = format!("ws://{}", server.local_addr().unwrap());
        let (near, far) = join!(WebSocketAwait::connect(&url, ours), server.accept());
        let ends = [(near.unwrap(), is_plain), (far.unwrap(), far_is_plain)];
        for ((socket, _), is_plain) in &ends {
            let sent = socket.send_with(json!(1), compress(true)).await;
            assert_eq!(sent.is_ok(), agree);
            let Err(error) = sent else {
                continue;
            };
            let name = if *is_plain {
                "tungstenite"
            } else {
                "await-layer-deflate"
            };
            assert_eq!(
                error.to_string(),
                format!(
                    "The message is not sent: {name} cannot do compress: true at this end: \
                     leave it out"
                )
            );
            let fine = socket.send_with(json!(1), compress(false));
            fine.await.unwrap();
        }
    }
}

/// And not at the first connection.
#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_happens() {
    let wrong = Config {
        deflate: Some(Deflate {
            level: 10,
            ..Deflate::default()
        }),
        ..Config::default()
    };
    let tls = WebSocketAwait::connect("wss://localhost/", deflating()).await;
    let error = tls.unwrap_err().to_string();
    assert!(error.contains("use connect_on"), "{error}");
    let server = WebSocketAwaitServer::bind("127.0.0.1:0", wrong.clone()).await;
    let client = WebSocketAwait::connect("ws://127.0.0.1:1", wrong).await;
    for error in [server.unwrap_err(), client.unwrap_err()] {
        assert!(
            matches!(error, ConnectError::Deflate(HandshakeError::Config(_))),
            "{error:?}"
        );
        assert!(error.to_string().contains("deflate.level"), "{error}");
    }
}

#[tokio::test]
async fn a_large_message_of_the_peers_ends_it_though_it_was_small_on_the_wire() {
    let small = Config {
        max_message: 1000,
        ..deflating()
    };
    let (client, mut server) = pair(deflating(), small).await;
    let bomb = json!("0".repeat(100_000));
    client.socket.send_with(bomb, compress(true)).await.unwrap();
    let Event::Close(reason) = server.next().await else {
        panic!("it lives");
    };
    assert_eq!(reason.code(), Some(1009));
}
