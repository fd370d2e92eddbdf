//! Frames from the peer that are not what they should be.

use await_layer::CallError;
use await_layer_tungstenite::{Event, Frame};
use futures::{StreamExt, join};
use serde_json::{Value, json};

use crate::session::{Role, Session, echo, next_request, roomy, session};

/// Defect 16: at the original one bad frame can end the process, and the error
/// quotes it.
#[tokio::test]
async fn defect_16_frames_that_are_not_json_lose_nothing_else() {
    let bad = [
        "{not JSON",
        "",
        "\u{0}",
        "[1,",
        "{\"awaitId\":\"_x\"",
        "awaitId",
    ];
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" } });
        let session = session(role, settings, roomy()).await;
        let Session {
            handle,
            mut incoming,
            mut node,
            ..
        } = session;
        let sent = json!({ "ask": 1 });
        let call = handle.send_await::<Value>(&sent);
        let noise = async {
            node.run("report", json!({ "requests": 1 })).await;
            for text in bad {
                for binary in [false, true] {
                    let raw = json!({ "text": text, "binary": binary });
                    node.run("raw", raw).await;
                }
            }
            node.run("send", json!({ "data": "fine" })).await;
            node.run("release", json!({})).await;
        };
        let (reply, ()) = join!(call, noise);
        assert_eq!(reply.unwrap(), echo(&sent), "{role:?}");

        let mut texts = Vec::new();
        loop {
            match incoming.next().await {
                Some(Event::Message(frame)) if frame == Frame::text("\"fine\"") => break,
                Some(Event::Message(frame)) => {
                    let error = handle.unpack::<Value>(frame.clone()).unwrap_err();
                    assert!(!format!("{error:?} {error}").contains("not JSON"));
                    texts.push(frame.into_message().into_data());
                }
                // An id before the damage counts: the one request is damaged.
                Some(Event::Request(request)) => {
                    let (_, responder) = request.unpack::<Value>().unwrap_err();
                    drop(responder);
                }
                other => panic!("{role:?}: {other:?}"),
            }
        }
        assert_eq!(texts.len(), 10, "{role:?}");
        assert_eq!(handle.close_reason(), None);
    }
}

/// A reply whose body is damaged fails its own call, at once.
#[tokio::test]
async fn a_damaged_reply_fails_its_call_and_no_other() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" } });
        let session = session(role, settings, roomy()).await;
        let Session {
            handle, mut node, ..
        } = session;
        let one = handle.send_await::<Value>(&json!({ "ask": "one" }));
        let two = handle.send_await::<Value>(&json!({ "ask": "two" }));
        let damage = async {
            let report = node.run("report", json!({ "requests": 2 })).await;
            let id = &report["requests"][0]["id"];
            let text = format!("{{\"awaitId\":{id},\"echo\":");
            node.run("raw", json!({ "text": text })).await;
            node.run("release", json!({})).await;
        };
        let (one, two, ()) = join!(one, two, damage);
        assert!(
            matches!(one, Err(CallError::Unpack(_))),
            "{role:?}: {one:?}"
        );
        assert_eq!(two.unwrap(), echo(&json!({ "ask": "two" })));
    }
}

/// Defects 17 and 18: at the original an unheard request, or one whose handler
/// fails, leaves no trace. The wire cannot say no, but we count it.
#[tokio::test]
async fn defects_17_and_18_requests_that_nobody_answers_are_counted() {
    for &role in Role::both() {
        let settings = json!({ "awaitTimeout": 1 });
        let session = session(role, settings, roomy()).await;
        let Session {
            handle,
            incoming,
            mut node,
            ..
        } = session;
        node.run("ask", json!({ "count": 3 })).await;
        let fail = async |_: Value| Err::<Value, _>("no");
        let serving = await_layer::serve(incoming, 8, fail);
        let unheard = async {
            handle
                .send_await::<Value>(&json!({ "fence": 1 }))
                .await
                .unwrap();
            handle.close().await;
        };
        join!(serving, unheard);
        assert_eq!(handle.stats().unanswered, 3, "{role:?}");
    }
}

/// Defect 19: the original takes whatever the peer asks. Here the rest is
/// refused, which this wire can only do by silence, and the connection stays.
#[tokio::test]
async fn defect_19_more_requests_than_allowed_are_refused_and_counted() {
    for &role in Role::both() {
        let settings = json!({ "awaitTimeout": 60_000 });
        let mut config = roomy();
        config.limits.max_requests = 100;
        let session = session(role, settings, config).await;
        let Session {
            handle,
            mut incoming,
            mut node,
        } = session;
        node.tell("ask", json!({ "count": 130 })).await;
        let mut held = Vec::new();
        while held.len() < 100 {
            held.push(next_request(&mut incoming).await);
        }
        handle
            .send_await::<Value>(&json!({ "fence": 1 }))
            .await
            .unwrap();
        assert_eq!(handle.stats().refused, 30, "{role:?}");
        for request in held {
            let (data, responder) = request.unpack::<Value>().expect("it is JSON");
            responder.reply(&echo(&data)).await.unwrap();
        }
        handle.close().await;
        assert_eq!(node.event("ask").await["right"], 100);
    }
}
