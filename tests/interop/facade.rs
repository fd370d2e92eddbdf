//! The facade and the original, in both roles.

use std::time::Duration;

use await_layer_ws_await::{
    AwaitError, Data, Event, Events, SendOptions, Settings, WebSocketAwait, WebSocketAwaitServer,
};
use futures::future::join_all;
use futures::{StreamExt, join};
use serde_json::{Value, json};

use crate::node::{Node, Program};
use crate::session::Role;

struct Ends {
    socket: WebSocketAwait,
    events: Events,
    node: Program,
}

/// Connects, and has seen `open` at both ends.
async fn connected(role: Role, node_settings: Value, settings: Settings) -> Ends {
    let found = Node::require().expect("there are roles only with Node");
    // No call may time out by itself on a slow machine.
    let settings = settings.with_await_timeout(Duration::from_secs(60));
    let ((socket, mut events), mut node) = match role {
        Role::Client => {
            let server = found.server(node_settings).await;
            let ends = WebSocketAwait::connect(&server.url, settings).await;
            (ends.unwrap(), server.program)
        }
        Role::Server => {
            let server = WebSocketAwaitServer::bind("127.0.0.1:0", settings).await;
            let server = server.unwrap();
            let url = format!("ws://{}", server.local_addr().unwrap());
            let mut client = found.client(node_settings).await;
            client.run("connect", json!({ "url": url })).await;
            (server.accept().await.unwrap(), client)
        }
    };
    assert_eq!(node.event("open").await, 0);
    assert!(matches!(events.next().await, Some(Event::Open)));
    Ends {
        socket,
        events,
        node,
    }
}

/// Answers everything the original asks, and tells what else happened.
async fn echo_all(socket: WebSocketAwait, mut events: Events) -> Vec<Event> {
    let mut rest = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Event::MessageAwait(data, ask) => {
                let echo = json!({ "echo": data.into_json().unwrap() });
                socket.res_await(echo, ask).await.unwrap();
            }
            other => rest.push(other),
        }
    }
    rest
}

#[tokio::test]
async fn facade_both_ask_at_once_and_all_is_answered() {
    let settings = json!({ "answer": { "how": "reversed", "batch": 100 }, "awaitTimeout": 60_000 });
    for &role in Role::both() {
        let ends = connected(role, settings.clone(), Settings::new()).await;
        let (socket, mut node) = (ends.socket, ends.node);
        let calls = join_all((0..100).map(|n| socket.send_await(json!({ "b": n, "a": n }))));
        let talk = async {
            let asks = async {
                node.tell("ask", json!({ "count": 100, "size": 100 })).await;
                let asked = node.event("ask").await;
                assert_eq!(
                    (&asked["right"], &asked["wrong"]),
                    (&json!(100), &json!([]))
                );
                assert_eq!(asked["keys"], json!([["echo"]]), "{role:?}");
            };
            let (replies, ()) = join!(calls, asks);
            for (n, reply) in replies.into_iter().enumerate() {
                let reply = reply.unwrap();
                assert_eq!(reply, json!({ "echo": { "b": n, "a": n } }), "{role:?}");
            }
            let report = node.run("report", json!({ "requests": 100 })).await;
            // The caller's keys in their order, as it sent them.
            let first = report["requests"][0]["data"].to_string();
            assert_eq!(first, r#"{"b":0,"a":0}"#);
            assert_eq!(report["errors"], json!([]));
            socket.close_with(4002, "enough").await.unwrap();
            let closed = json!({ "socket": 0, "code": 4002, "reason": "enough" });
            assert_eq!(node.event("closed").await, closed);
        };
        let ((), rest) = join!(talk, echo_all(socket.clone(), ends.events));
        assert!(matches!(&rest[..], [Event::Close(_)]), "{role:?}: {rest:?}");
        assert_eq!(socket.await_list_size(), 0);
    }
}

#[tokio::test]
async fn facade_options_fragments_and_pings_reach_the_original() {
    for &role in Role::both() {
        let mut ends = connected(role, json!({}), Settings::new()).await;
        let socket = &ends.socket;
        let fin = |fin| SendOptions {
            fin: Some(fin),
            ..SendOptions::default()
        };
        let binary = SendOptions {
            binary: Some(true),
            ..SendOptions::default()
        };
        let begin = socket.send_with(Data::text(r#"{"in":"#), fin(false));
        begin.await.unwrap();
        let reply = socket.send_await_with(json!({ "n": 1 }), binary).await;
        assert_eq!(reply.unwrap(), json!({ "echo": { "n": 1 } }));
        let (part, last) = (Data::text(r#""frag"#), Data::text(r#"ments"}"#));
        socket.send_with(part, fin(false)).await.unwrap();
        socket.send_with(last, fin(true)).await.unwrap();
        let report = ends.node.run("report", json!({ "messages": 1 })).await;
        assert_eq!(
            report["messages"],
            json!([{ "in": "fragments" }]),
            "{role:?}"
        );
        assert_eq!(report["errors"], json!([]));
        // ws answers by itself.
        socket.ping("there?").await.unwrap();
        let pong = ends.events.next().await;
        assert!(matches!(&pong, Some(Event::Pong(payload)) if payload == "there?"));
    }
}

#[tokio::test]
async fn facade_settings_of_both_ends_agree() {
    let theirs = json!({ "field": "rid", "ids": { "from": 7 }, "leaveAwaitId": true });
    for &role in Role::both() {
        let ours = Settings::new().with_name_await_id("rid");
        let mut ends = connected(role, theirs.clone(), ours).await;
        let reply = ends.socket.send_await(json!({ "q": 1 })).await.unwrap();
        assert_eq!(reply, json!({ "echo": { "q": 1 } }), "{role:?}");
        ends.node.tell("ask", json!({ "count": 1 })).await;
        let Some(Event::MessageAwait(data, ask)) = ends.events.next().await else {
            panic!("no request");
        };
        assert_eq!(ask.id().to_value(), json!(7), "a number, as it came");
        assert_eq!(data["rid"], Value::Null, "{role:?}: it is taken off");
        let echo = json!({ "echo": data.into_json().unwrap() });
        ends.socket.res_await(echo, ask).await.unwrap();
        assert_eq!(ends.node.event("ask").await["right"], 1);
    }
}

#[tokio::test]
async fn facade_bad_messages_late_replies_and_the_end_are_told() {
    let theirs = json!({ "answer": { "how": "hold" } });
    for &role in Role::both() {
        let mut ends = connected(role, theirs.clone(), Settings::new()).await;
        let bad = json!({ "text": "{not JSON", "binary": true });
        ends.node.run("raw", bad).await;
        let error = ends.events.next().await;
        assert!(
            matches!(error, Some(Event::Error(_))),
            "{role:?}: {error:?}"
        );

        // A reply to a call that was given up is no request.
        let mut given_up = ends.socket.send_await(json!({ "n": 1 }));
        assert!(futures::poll!(&mut given_up).is_pending());
        ends.node.run("report", json!({ "requests": 1 })).await;
        drop(given_up);
        assert_eq!(ends.node.run("release", json!({})).await, 1);
        ends.node.run("send", json!({ "data": "behind it" })).await;
        let message = ends.events.next().await;
        assert!(matches!(&message, Some(Event::Message(data)) if *data == json!("behind it")));
        assert_eq!(ends.socket.stats().late, 1, "{role:?}");

        let call = ends.socket.send_await(json!({ "n": 2 }));
        let end = async {
            ends.node.run("report", json!({ "requests": 2 })).await;
            let close = json!({ "code": 4001, "reason": "enough" });
            ends.node.run("close", close).await;
        };
        let Err(AwaitError::ConnectionClose(why)) = join!(call, end).0 else {
            panic!("{role:?}: it has not failed");
        };
        assert_eq!(
            (why.reason.code(), why.reason.text()),
            (Some(4001), "enough")
        );
        let closed = ends.events.next().await;
        assert!(matches!(closed, Some(Event::Close(reason)) if reason == why.reason));
        assert!(ends.events.next().await.is_none());
    }
}
