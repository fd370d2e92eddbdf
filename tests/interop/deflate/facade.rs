//! The facade with compression, and the original.

use std::time::Duration;

use await_layer_ws_await::{
    Config, Data, Deflate, Event, Events, SendOptions, Settings, WebSocketAwait,
    WebSocketAwaitServer,
};
use futures::future::join_all;
use futures::{StreamExt, join};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::compat::{FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};

use super::recorder::{Record, Recorder};
use super::session::settings;
use crate::node::{Node, Program};
use crate::session::{Role, echo};

struct Ends {
    socket: WebSocketAwait,
    events: Events,
    node: Program,
    record: Record,
}

/// Compresses only what its options say.
fn config() -> Config {
    Config {
        deflate: Some(Deflate {
            threshold: usize::MAX,
            ..Deflate::default()
        }),
        // No call may time out by itself on a slow machine.
        ..Settings::new()
            .with_await_timeout(Duration::from_secs(60))
            .into()
    }
}

async fn connected(role: Role, settings: Value) -> Ends {
    let found = Node::require().expect("there are roles only with Node");
    let record = Record::default();
    let ((socket, mut events), mut node) = match role {
        Role::Client => {
            let server = found.server(settings).await;
            let address = server.url.trim_start_matches("ws://");
            let stream = TcpStream::connect(address).await.unwrap();
            let stream = Recorder::new(stream.compat(), record.clone()).compat();
            let ends = WebSocketAwait::connect_on(stream, &server.url, config()).await;
            (ends.unwrap(), server.program)
        }
        Role::Server => {
            let server = WebSocketAwaitServer::bind("127.0.0.1:0", config()).await;
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("ws://{}", listener.local_addr().unwrap());
            let mut client = found.client(settings).await;
            client.run("connect", json!({ "url": url })).await;
            let (stream, _) = listener.accept().await.unwrap();
            let stream = Recorder::new(stream.compat(), record.clone()).compat();
            (server.unwrap().accept_on(stream).await.unwrap(), client)
        }
    };
    assert_eq!(node.event("open").await, 0);
    assert!(matches!(events.next().await, Some(Event::Open)));
    Ends {
        socket,
        events,
        node,
        record,
    }
}

fn compress(compress: bool) -> SendOptions {
    SendOptions {
        compress: Some(compress),
        ..SendOptions::default()
    }
}

/// Every second message is compressed, of calls, answers and plain ones.
#[tokio::test]
async fn facade_compresses_what_its_options_say_and_all_is_answered() {
    for &role in Role::both() {
        let ends = connected(role, settings()).await;
        let (socket, mut events, mut node) = (ends.socket, ends.events, ends.node);
        let calls = join_all((0..100).map(async |n| {
            let sent = json!({ "n": n, "pad": "y".repeat(n) });
            let options = compress(n % 2 == 0);
            let reply = socket.send_await_with(sent.clone(), options).await;
            assert_eq!(reply.unwrap(), echo(&sent), "{role:?}");
        }));
        let answers = async {
            for n in 0..100 {
                let Some(Event::MessageAwait(data, ask)) = events.next().await else {
                    panic!("{role:?}: no request");
                };
                let answer = echo(&data.into_json().unwrap());
                let options = compress(n % 2 == 0);
                socket.res_await_with(answer, ask, options).await.unwrap();
            }
        };
        let asks = node.run("ask", json!({ "count": 100, "size": 100 }));
        let (_, (), asked) = join!(calls, answers, asks);
        assert_eq!(asked["right"], 100, "{role:?}: {asked}");

        for compressed in [true, false, true] {
            let text = Data::text(r#"{"so":"so so so so so so so so"}"#);
            let sent = socket.send_with(text, compress(compressed));
            sent.await.unwrap();
        }
        let report = node.run("report", json!({ "messages": 3 })).await;
        let so = json!({ "so": "so so so so so so so so" });
        assert_eq!(report["messages"], json!([so, so, so]), "{role:?}");
        assert_eq!(report["errors"], json!([]), "{role:?}");

        let written = ends.record.written();
        let (last, calls) = written
            .split_last_chunk::<3>()
            .map(|(rest, last)| (last, rest))
            .unwrap();
        assert_eq!(
            last.map(|frame| frame.rsv1),
            [true, false, true],
            "{role:?}"
        );
        assert_eq!(calls.len(), 200);
        let compressed = calls.iter().filter(|frame| frame.rsv1).count();
        assert_eq!(compressed, 100, "{role:?}");
        // The original compresses all of its own.
        assert!(ends.record.read().iter().all(|frame| frame.rsv1));
    }
}

#[tokio::test]
async fn facade_without_compression_at_the_original_refuses_it() {
    for &role in Role::both() {
        let none = json!({ "perMessageDeflate": false });
        let ends = connected(role, none).await;
        let refused = ends
            .socket
            .send_await_with(json!({ "n": 1 }), compress(true));
        let text = "await-layer-deflate cannot do compress: true at this end";
        let error = refused.await.unwrap_err().to_string();
        assert!(error.contains(text), "{role:?}: {error}");
        let plain = ends
            .socket
            .send_await_with(json!({ "n": 1 }), compress(false));
        assert_eq!(plain.await.unwrap(), echo(&json!({ "n": 1 })));
        // Lenient, it goes as it can.
        let lenient = ends.socket.settings().with_ignore_unsupported(true);
        ends.socket.set_settings(lenient).unwrap();
        let call = ends
            .socket
            .send_await_with(json!({ "n": 2 }), compress(true));
        assert_eq!(call.await.unwrap(), echo(&json!({ "n": 2 })));
        assert_eq!(ends.socket.ignored_options(), 1);
        let bits: Vec<_> = ends
            .record
            .written()
            .iter()
            .map(|frame| frame.rsv1)
            .collect();
        assert_eq!(bits, [false, false], "{role:?}");
    }
}

/// Of one message: only the first frame says that it is compressed.
#[tokio::test]
async fn facade_fragments_are_compressed_and_answered() {
    for &role in Role::both() {
        let ends = connected(role, settings()).await;
        let part = SendOptions {
            fin: Some(false),
            ..compress(true)
        };
        let last = SendOptions {
            fin: Some(true),
            ..SendOptions::default()
        };
        let sent = json!({ "q": "y".repeat(1000) });
        let call = ends.socket.send_await_with(sent.clone(), part);
        let rest = async {
            ends.socket.send(json!("in between")).await.unwrap();
            let end = ends.socket.send_with(Data::text(" "), last);
            end.await.unwrap();
        };
        let (reply, ()) = join!(call, rest);
        assert_eq!(reply.unwrap(), echo(&sent), "{role:?}");
        let frames = ends.record.written();
        let frames: Vec<_> = frames
            .iter()
            .map(|frame| (frame.opcode, frame.fin, frame.rsv1))
            .collect();
        let expected = [(1, true, false), (1, false, true), (0, true, false)];
        assert_eq!(frames, expected, "{role:?}");
    }
}
