//! Messages that are no requests.

use await_layer_tungstenite::{Binary, Event, Frame};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::session::{Role, roomy, session};

#[tokio::test]
async fn plain_messages_go_both_ways_in_order() {
    let values = [
        json!({ "a": 1 }),
        json!([1, "two", null]),
        json!("text"),
        json!(7.5),
        json!(true),
        Value::Null,
    ];
    for &role in Role::both() {
        let mut session = session(role, json!({}), roomy()).await;
        for value in &values {
            session.handle.send(value).await.unwrap();
            session.node.run("send", json!({ "data": value })).await;
        }
        let report = session.node.run("report", json!({ "messages": 6 })).await;
        assert_eq!(report["messages"], json!(values), "{role:?}");
        assert_eq!(report["requests"], json!([]));
        for value in &values {
            let Some(Event::Message(frame)) = session.incoming.next().await else {
                panic!("{value} is missing");
            };
            assert!(frame.is_text());
            assert_eq!(&session.handle.unpack::<Value>(frame).unwrap(), value);
        }
    }
}

#[tokio::test]
async fn binary_messages_that_hold_json_are_messages_requests_and_replies() {
    for &role in Role::both() {
        let mut session = session(role, json!({}), roomy()).await;
        // The original's, as with its option {binary: true}.
        for text in [r#"{"plain":1}"#, r#"{"awaitId":"_b","ask":1}"#] {
            let raw = json!({ "text": text, "binary": true });
            session.node.run("raw", raw).await;
        }
        let Some(Event::Message(frame)) = session.incoming.next().await else {
            panic!("no message");
        };
        assert_eq!(frame, Frame::binary(r#"{"plain":1}"#));
        let Some(Event::Request(request)) = session.incoming.next().await else {
            panic!("no request");
        };
        assert_eq!(request.frame, Frame::binary(r#"{"ask":1}"#));

        // Ours: the original reads either opcode.
        let sent = json!({ "ask": 2 });
        let reply = session.handle.send_await::<Value>(&Binary(&sent)).await;
        assert_eq!(reply.unwrap(), json!({ "echo": sent }));
        session.handle.send(&Binary(&sent)).await.unwrap();
        let report = session.node.run("report", json!({ "messages": 1 })).await;
        assert_eq!(report["messages"], json!([sent]));
    }
}

/// Defect 9: the original destroys what is not an object, and says nothing.
#[tokio::test]
async fn defect_9_requests_that_cannot_carry_an_id_are_refused_and_come_back() {
    for &role in Role::both() {
        let session = session(role, json!({}), roomy()).await;
        for value in [
            json!([1]),
            json!("text"),
            json!(1),
            json!(false),
            Value::Null,
        ] {
            let call = session.handle.send_await::<Value>(&value);
            let error = call.await.unwrap_err();
            assert!(error.to_string().contains("JSON object"), "{error}");
            assert_eq!(error.into_frame(), Some(Frame::text(value.to_string())));
        }
        assert_eq!(session.handle.stats().written, 0, "{role:?}");
    }
}
