//! The original as a client of an axum server.

use await_layer::{CallError, Cause, Limits};
use await_layer_axum::{
    Binary, Config, Event, Frame, Handle, Incoming, Layer, Request, Sockets, Upgrade,
};
use axum::Router;
use axum::routing::any;
use futures::future::join_all;
use futures::{StreamExt, join};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::node::{Node, Program};
use crate::session::echo;

/// Our end, and the original at the other.
struct Served {
    sockets: Sockets,
    handle: Handle,
    incoming: Incoming,
    node: Program,
}

/// `None` where Node is missing; `settings` are described in
/// `tests/node/settings.js`.
async fn served(settings: Value) -> Option<Served> {
    let found = Node::require()?;
    let limits = Limits {
        call_timeout: std::time::Duration::from_secs(60),
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let sockets = Sockets::new(config).unwrap();
    let (sender, mut layers) = mpsc::unbounded_channel::<Layer>();
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            let handle = layer.handle();
            sender.send(layer).unwrap();
            handle.closed().await;
        })
    };
    let app = Router::new().route("/socket", any(handler));
    let app = app.with_state(sockets.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/socket", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

    let mut node = found.client(settings).await;
    node.run("connect", json!({ "url": url })).await;
    assert_eq!(node.event("open").await, 0);
    let (handle, incoming) = layers.recv().await.unwrap().split();
    Some(Served {
        sockets,
        handle,
        incoming,
        node,
    })
}

async fn next_request(incoming: &mut Incoming) -> Request {
    match incoming.next().await {
        Some(Event::Request(request)) => request,
        other => panic!("{other:?} came instead of a request"),
    }
}

#[tokio::test]
async fn two_hundred_each_way_in_flight_together_and_answered_in_reverse() {
    let answer = json!({ "how": "reversed", "batch": 200 });
    let Some(served) = served(json!({ "answer": answer, "awaitTimeout": 60_000 })).await else {
        return;
    };
    let Served {
        handle,
        mut incoming,
        mut node,
        ..
    } = served;
    node.tell("ask", json!({ "count": 200, "size": 100 })).await;
    let calls = join_all((0..200).map(async |number| {
        let sent = json!({ "ask": number });
        assert_eq!(
            handle.send_await::<Value>(&sent).await.unwrap(),
            echo(&sent)
        );
    }));
    let answers = async {
        let mut requests = Vec::new();
        while requests.len() < 200 {
            let request = next_request(&mut incoming).await;
            requests.push(request.unpack::<Value>().expect("it is JSON"));
        }
        while let Some((data, responder)) = requests.pop() {
            responder.reply(&echo(&data)).await.unwrap();
        }
        node.event("ask").await
    };
    let (_, asked) = join!(calls, answers);
    assert_eq!(asked["right"], 200, "{asked}");
    assert_eq!(asked["settled"], json!((0..200).rev().collect::<Vec<_>>()));
    let stats = handle.stats();
    assert_eq!(stats.late + stats.unknown + stats.refused, 0, "{stats:?}");
}

#[tokio::test]
async fn plain_and_binary_messages_go_both_ways() {
    let Some(mut served) = served(json!({})).await else {
        return;
    };
    let values = [
        json!({ "a": 1 }),
        json!([1, "two", null]),
        json!("text"),
        Value::Null,
    ];
    for value in &values {
        served.handle.send(value).await.unwrap();
        served.node.run("send", json!({ "data": value })).await;
    }
    let report = served.node.run("report", json!({ "messages": 4 })).await;
    assert_eq!(report["messages"], json!(values));
    for value in &values {
        let Some(Event::Message(frame)) = served.incoming.next().await else {
            panic!("{value} is missing");
        };
        assert_eq!(&served.handle.unpack::<Value>(frame).unwrap(), value);
    }

    let raw = json!({ "text": r#"{"awaitId":"_b","ask":1}"#, "binary": true });
    served.node.run("raw", raw).await;
    let request = next_request(&mut served.incoming).await;
    assert_eq!(request.frame, Frame::binary(r#"{"ask":1}"#));
    let sent = json!({ "ask": 2 });
    let reply = served.handle.send_await::<Value>(&Binary(&sent)).await;
    assert_eq!(reply.unwrap(), echo(&sent));
}

#[tokio::test]
async fn the_originals_code_and_reason_reach_every_pending_call() {
    let Some(served) = served(json!({ "answer": { "how": "hold" } })).await else {
        return;
    };
    let Served {
        handle, mut node, ..
    } = served;
    let calls = join_all((0..50).map(|n| handle.send_await::<Value>(&json!({ "ask": n }))));
    let end = async {
        node.run("report", json!({ "requests": 50 })).await;
        let close = json!({ "code": 4001, "reason": "enough" });
        node.run("close", close).await;
        node.event("closed").await
    };
    let (results, closed) = join!(calls, end);
    for result in results {
        let Err(CallError::Closed { reason, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(4001)));
        assert_eq!(reason.text(), "enough");
    }
    // We answered its close as we should.
    let expected = json!({ "socket": 0, "code": 4001, "reason": "enough" });
    assert_eq!(closed, expected);
}

#[tokio::test]
async fn a_shutdown_gives_the_answers_that_are_due_and_says_goodbye() {
    let Some(served) = served(json!({ "awaitTimeout": 60_000 })).await else {
        return;
    };
    let Served {
        sockets,
        mut incoming,
        mut node,
        ..
    } = served;
    node.tell("ask", json!({ "count": 1 })).await;
    let (data, responder) = next_request(&mut incoming).await.unpack::<Value>().unwrap();
    sockets.begin_shutdown();
    responder.reply(&echo(&data)).await.unwrap();
    sockets.shutdown().await;
    assert_eq!(node.event("ask").await["right"], 1);
    let closed = json!({ "socket": 0, "code": 1001, "reason": "" });
    assert_eq!(node.event("closed").await, closed);
}
