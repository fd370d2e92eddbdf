//! The end of the connection while calls are pending.

use await_layer::{CallError, Cause, Sent};
use await_layer_tungstenite::{Event, close};
use futures::future::join_all;
use futures::{StreamExt, join};
use serde_json::{Value, json};

use crate::session::{Role, Session, next_request, roomy, session};

/// Defect 21: at the original all get one text, without code or reason.
#[tokio::test]
async fn defect_21_code_and_reason_reach_every_pending_call() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" } });
        let session = session(role, settings, roomy()).await;
        let Session {
            handle,
            incoming,
            mut node,
            ..
        } = session;
        let calls = join_all((0..500).map(|n| handle.send_await::<Value>(&json!({ "ask": n }))));
        let end = async {
            node.run("report", json!({ "requests": 500 })).await;
            node.run("close", json!({ "code": 4001, "reason": "enough" }))
                .await;
            node.event("closed").await
        };
        let (results, closed) = join!(calls, end);
        for result in results {
            let Err(CallError::Closed { reason, sent, .. }) = result else {
                panic!("{role:?}: {result:?}");
            };
            assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(4001)));
            assert_eq!(reason.text(), "enough");
            assert_eq!(sent, Sent::Yes);
        }
        // We answered its close as we should.
        let expected = json!({ "socket": 0, "code": 4001, "reason": "enough" });
        assert_eq!(closed, expected, "{role:?}");
        assert_eq!(handle.in_flight(), 0);
        assert_eq!(incoming.count().await, 0);
        let refused = handle.send_await::<Value>(&json!({})).await.unwrap_err();
        assert_eq!(refused.sent(), Sent::No);
    }
}

#[tokio::test]
async fn a_peer_that_vanishes_fails_every_pending_call() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" } });
        let mut session = session(role, settings, roomy()).await;
        let handle = &session.handle;
        let calls = join_all((0..50).map(|n| handle.send_await::<Value>(&json!({ "ask": n }))));
        let end = async {
            session.node.run("report", json!({ "requests": 50 })).await;
            session.node.run("terminate", json!({})).await;
        };
        let (results, ()) = join!(calls, end);
        for result in results {
            let Err(CallError::Closed { reason, .. }) = result else {
                panic!("{role:?}: {result:?}");
            };
            assert!(matches!(reason.cause(), Cause::Eof | Cause::Transport));
        }
    }
}

#[tokio::test]
async fn our_code_and_reason_reach_the_original_and_fail_its_calls() {
    for &role in Role::both() {
        let settings = json!({ "awaitTimeout": 60_000 });
        let session = session(role, settings, roomy()).await;
        let Session {
            handle,
            mut incoming,
            mut node,
            ..
        } = session;
        node.tell("ask", json!({ "count": 5 })).await;
        for _ in 0..5 {
            drop(next_request(&mut incoming).await);
        }
        let (reason, closed) = join!(close(&handle, 4002, "going home"), node.event("closed"));
        assert_eq!(reason.unwrap().cause(), Cause::Local, "{role:?}");
        let expected = json!({ "socket": 0, "code": 4002, "reason": "going home" });
        assert_eq!(closed, expected, "{role:?}");
        let asked = node.event("ask").await;
        let text = "The message is not sent or not response is received: Connection close";
        assert_eq!(asked["failed"], json!({ text: 5 }));
        node.finish().await;
    }
}

#[tokio::test]
async fn closing_waits_for_answers_in_both_directions() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" }, "awaitTimeout": 60_000 });
        let session = session(role, settings, roomy()).await;
        let Session {
            handle,
            mut incoming,
            mut node,
            ..
        } = session;
        node.tell("ask", json!({})).await;
        let (data, responder) = next_request(&mut incoming).await.unpack::<Value>().unwrap();
        let call = handle.send_await::<Value>(&json!({ "ask": "ours" }));
        let rest = async {
            node.run("report", json!({ "requests": 1 })).await;
            let answers = async {
                responder.reply(&json!({ "echo": data })).await.unwrap();
                assert_eq!(node.event("ask").await["right"], 1);
                assert_eq!(node.run("release", json!({})).await, 1);
            };
            join!(handle.close(), answers).0
        };
        let (reply, reason) = join!(call, rest);
        assert_eq!(reply.unwrap(), json!({ "echo": { "ask": "ours" } }));
        assert_eq!(reason.cause(), Cause::Local, "{role:?}");
        assert_eq!(node.event("closed").await["code"], 1000);
    }
}

#[tokio::test]
async fn messages_sent_before_the_close_arrive_before_it() {
    for &role in Role::both() {
        let mut session = session(role, json!({}), roomy()).await;
        for n in 0..20 {
            session.node.tell("send", json!({ "data": n })).await;
        }
        session.node.tell("close", json!({ "code": 4003 })).await;
        let mut numbers = Vec::new();
        while let Some(Event::Message(frame)) = session.incoming.next().await {
            numbers.push(session.handle.unpack::<u32>(frame).unwrap());
        }
        assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "{role:?}");
        assert_eq!(session.handle.closed().await.code(), Some(4003));
    }
}
