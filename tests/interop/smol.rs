//! The adapter on smol against the original, in both roles.

use std::convert::Infallible;

use await_layer::{Cause, Event, Handle, Incoming};
use await_layer_async_std::smol::websocket::{Link, accept, connect};
use await_layer_async_std::websocket::{Binary, Frame, close};
use futures::future::join_all;
use futures::{StreamExt, join};
use serde_json::{Value, json};
use smol::net::TcpListener;

use crate::node::{Node, Program};
use crate::session::{Role, echo, roomy};

struct Session {
    handle: Handle<Link>,
    incoming: Incoming<Link>,
    node: Program,
}

async fn session(role: Role, settings: Value) -> Session {
    let found = Node::require().expect("there are roles only with Node");
    let (layer, mut node) = match role {
        Role::Client => {
            let server = found.server(settings).await;
            let layer = connect(server.url, roomy()).await.unwrap();
            (layer, server.program)
        }
        Role::Server => {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("ws://{}", listener.local_addr().unwrap());
            let mut client = found.client(settings).await;
            client.run("connect", json!({ "url": url })).await;
            let (stream, _) = listener.accept().await.unwrap();
            (accept(stream, roomy()).await.unwrap(), client)
        }
    };
    assert_eq!(node.event("open").await, 0);
    let (handle, incoming) = layer.split();
    Session {
        handle,
        incoming,
        node,
    }
}

#[tokio::test]
async fn two_hundred_each_way_answered_in_reverse() {
    for &role in Role::both() {
        let answer = json!({ "how": "reversed", "batch": 200 });
        let session = session(role, json!({ "answer": answer })).await;
        let Session {
            handle,
            incoming,
            mut node,
        } = session;
        // On smol's own executor: only the program is tokio's to watch.
        smol::spawn(async {
            let answer = async |data: Value| Ok::<_, Infallible>(echo(&data));
            await_layer::serve(incoming, 64, answer).await;
        })
        .detach();
        node.tell("ask", json!({ "count": 200, "name": "node" }))
            .await;
        let calls = (0..200).map(|n| {
            let handle = handle.clone();
            smol::spawn(async move {
                let question = json!({ "ask": n });
                let answer = handle.send_await::<Value>(&question).await;
                assert_eq!(answer.unwrap(), echo(&question));
            })
        });
        join_all(calls.collect::<Vec<_>>()).await;
        let result = node.event("ask").await;
        assert_eq!(result["right"], 200, "{role:?}: {result}");
        assert_eq!(result["failed"], json!({}));
        assert_eq!(handle.stats().replied, 200);
        assert_eq!(handle.close().await.cause(), Cause::Local);
        assert_eq!(node.event("closed").await["code"], 1000);
    }
}

#[tokio::test]
async fn text_and_binary_messages_requests_and_replies() {
    for &role in Role::both() {
        let mut session = session(role, json!({})).await;
        for (text, binary) in [
            (r#"{"plain":1}"#, false),
            (r#"{"plain":2}"#, true),
            (r#"{"awaitId":"_b","ask":1}"#, true),
        ] {
            let raw = json!({ "text": text, "binary": binary });
            session.node.run("raw", raw).await;
        }
        for expected in [
            Frame::text(r#"{"plain":1}"#),
            Frame::binary(r#"{"plain":2}"#),
        ] {
            let Some(Event::Message(frame)) = session.incoming.next().await else {
                panic!("{role:?}: no message");
            };
            assert_eq!(frame, expected);
        }
        let Some(Event::Request(request)) = session.incoming.next().await else {
            panic!("{role:?}: no request");
        };
        assert_eq!(request.frame, Frame::binary(r#"{"ask":1}"#));

        let sent = json!({ "ask": 2 });
        let binary = Binary(&sent);
        let replies = join!(
            session.handle.send_await::<Value>(&sent),
            session.handle.send_await::<Value>(&binary)
        );
        assert_eq!(
            (replies.0.unwrap(), replies.1.unwrap()),
            (echo(&sent), echo(&sent))
        );
        session.handle.send(&sent).await.unwrap();
        session.handle.send(&binary).await.unwrap();
        let report = session.node.run("report", json!({ "messages": 2 })).await;
        assert_eq!(report["messages"], json!([sent, sent]));
    }
}

#[tokio::test]
async fn codes_and_texts_of_a_close_go_both_ways() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" } });
        let Session {
            handle, mut node, ..
        } = session(role, settings.clone()).await;
        let (closed, told) = join!(close(&handle, 4002, "going home"), node.event("closed"));
        assert_eq!(closed.unwrap().cause(), Cause::Local);
        let expected = json!({ "socket": 0, "code": 4002, "reason": "going home" });
        assert_eq!(told, expected, "{role:?}");

        let Session {
            handle, mut node, ..
        } = session(role, settings).await;
        let question = json!({ "ask": 1 });
        let call = handle.send_await::<Value>(&question);
        let closing = async {
            node.run("report", json!({ "requests": 1 })).await;
            node.run("close", json!({ "code": 4001, "reason": "enough" }))
                .await;
        };
        let (reply, ()) = join!(call, closing);
        assert!(reply.is_err());
        let reason = handle.closed().await;
        assert_eq!((reason.code(), reason.text()), (Some(4001), "enough"));
    }
}
