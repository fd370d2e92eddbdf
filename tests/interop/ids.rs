//! Ids: whose they are, what they look like, where they stand.

use await_layer::WsAwait;
use await_layer_tungstenite::{Config, Frame};
use futures::future::join_all;
use futures::join;
use serde_json::{Value, json};

use crate::session::{Role, Session, echo, echo_all, next_request, roomy, session};

/// Both ends ask the same number of questions, all of them in flight at once
/// at one time, and each gets its own answer.
async fn both_ask(role: Role, settings: Value, config: Config) -> (Value, Vec<Value>) {
    let Session {
        handle,
        mut incoming,
        mut node,
        ..
    } = session(role, settings, config).await;
    node.tell("ask", json!({ "count": 50 })).await;
    let calls = join_all((0..50).map(async |number| {
        let sent = json!({ "ask": number });
        let got = handle.send_await::<Value>(&sent).await.unwrap();
        assert_eq!(got["echo"], sent, "{role:?}");
        got
    }));
    let answers = async {
        let mut requests = Vec::new();
        while requests.len() < 50 {
            let request = next_request(&mut incoming).await;
            requests.push(request.unpack::<Value>().expect("it is JSON"));
        }
        // Only now: all calls of both ends have been in flight together.
        node.run("report", json!({ "requests": 50 })).await;
        node.run("release", json!({})).await;
        for (mut data, responder) in requests {
            let fields = data.as_object_mut().unwrap();
            fields.retain(|name, _| name != "awaitId" && name != "rid");
            responder.reply(&echo(&data)).await.unwrap();
        }
        node.event("ask").await
    };
    let (replies, asked) = join!(calls, answers);
    assert_eq!(asked["right"], 50, "{role:?}: {asked}");
    let stats = handle.stats();
    assert_eq!(stats.late + stats.unknown + stats.refused, 0, "{stats:?}");
    (asked, replies)
}

/// Defect 1: the original takes a request for the answer to its own question.
#[tokio::test]
async fn defect_1_requests_with_counted_ids_are_never_taken_for_replies() {
    let hold = json!({ "how": "hold" });
    for &role in Role::both() {
        for ids in [json!({ "prefix": "_" }), json!({ "from": 1 }), Value::Null] {
            let mut settings = json!({ "answer": hold, "awaitTimeout": 60_000 });
            if !ids.is_null() {
                settings["ids"] = ids;
            }
            both_ask(role, settings, roomy()).await;
        }
    }
}

/// Defect 6: the original strips its default field whatever the field is.
#[tokio::test]
async fn defect_6_a_field_of_another_name_is_stripped_and_awaitid_is_the_users() {
    for &role in Role::both() {
        let settings = json!({ "field": "rid", "answer": { "how": "each" } });
        let mut config = roomy();
        config.protocol = WsAwait::new().field("rid");
        let session = session(role, settings, config).await;
        let Session {
            handle,
            mut incoming,
            mut node,
            ..
        } = session;
        let sent = json!({ "awaitId": "mine", "ask": 1 });
        let got = handle.send_await::<Value>(&sent).await.unwrap();
        assert_eq!(got, echo(&sent));

        node.tell("ask", json!({ "ids": ["_n"] })).await;
        let (data, responder) = next_request(&mut incoming).await.unpack::<Value>().unwrap();
        assert_eq!(data, json!({ "ask": "node 0", "pad": "" }));
        let (sent, asked) = join!(responder.reply(&echo(&data)), node.event("ask"));
        sent.unwrap();
        assert_eq!(asked["right"], 1);
    }
}

#[tokio::test]
async fn the_id_is_left_in_place_or_taken_off_as_each_end_wants() {
    let hold = json!({ "how": "hold" });
    for &role in Role::both() {
        for (field, leave) in [
            ("awaitId", true),
            ("awaitId", false),
            ("rid", true),
            ("rid", false),
        ] {
            // The other end does the opposite: it is nobody else's business.
            let settings = json!({ "field": field, "leaveAwaitId": !leave, "answer": hold });
            let mut config = roomy();
            config.protocol = WsAwait::new().field(field).leave_await_id(leave);
            let (asked, replies) = both_ask(role, settings, config).await;
            // Defect 6: the original leaves a field of another name in any case.
            let left = !leave || field == "rid";
            let keys = if left {
                json!([[field, "echo"]])
            } else {
                json!([["echo"]])
            };
            assert_eq!(asked["keys"], keys);
            for reply in replies {
                assert_eq!(reply[field].is_string(), leave, "{reply}");
            }
        }
    }
}

/// Defect 7: in the original, the id in the user's data wins, and the reply
/// is lost.
#[tokio::test]
async fn defect_7_data_that_has_the_field_is_refused_and_not_sent() {
    for &role in Role::both() {
        let session = session(role, json!({}), roomy()).await;
        let refused = session
            .handle
            .send_await::<Value>(&json!({ "awaitId": "x" }));
        let error = refused.await.unwrap_err();
        assert!(error.to_string().contains("\"awaitId\""), "{error}");
        let frame = error.into_frame();
        assert_eq!(frame, Some(Frame::text(r#"{"awaitId":"x"}"#)));
        assert_eq!(session.handle.stats().written, 0);
    }
}

/// Defect 8: at the original, only some ids come back. Numbers, `true`,
/// objects and strings with escapes go back to it as they came.
#[tokio::test]
async fn defect_8_ids_of_any_kind_are_answered_and_falsy_ones_are_messages() {
    let truthy = json!([7, 7.5, -1, true, "7", "ünï\"\\\n", "x".repeat(5000)]);
    let count = truthy.as_array().unwrap().len();
    for &role in Role::both() {
        let session = session(role, json!({}), roomy()).await;
        let Session {
            handle,
            incoming,
            mut node,
            ..
        } = session;
        let talk = async {
            let ask = json!({ "count": count, "ids": truthy });
            let asked = node.run("ask", ask).await;
            assert_eq!(asked["right"], count, "{role:?}: {asked}");
            assert_eq!(handle.stats().requests, count as u64);

            // The original never sees the answer to these, and we see no
            // request in them.
            node.run("timeout", json!({ "ms": 1 })).await;
            let falsy = json!([0, "", null, false]);
            let asked = node.run("ask", json!({ "count": 4, "ids": falsy })).await;
            assert_eq!(asked["right"], 0);
            // An answer behind them shows that they have been read.
            let sent = json!({ "ask": "behind" });
            assert_eq!(
                handle.send_await::<Value>(&sent).await.unwrap(),
                echo(&sent)
            );
            assert_eq!(handle.stats().requests, count as u64);
            handle.close().await;
        };
        join!(talk, echo_all(incoming));
    }
}

/// Defect 5: in the original a second request under a live id overwrites the
/// first.
#[tokio::test]
async fn defect_5_a_live_id_is_refused_here_and_first_come_first_served_there() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" } });
        let session = session(role, settings, roomy()).await;
        let Session {
            handle,
            mut incoming,
            mut node,
            ..
        } = session;
        // Ours: the second one is refused, the first gets its answer.
        let sent = json!({ "ask": "first" });
        let first = handle.send_await::<Value>(&sent).with_id("same".into());
        let rest = async {
            node.run("report", json!({ "requests": 1 })).await;
            let second = handle
                .send_await::<Value>(&json!({}))
                .with_id("same".into());
            let error = second.await.unwrap_err();
            assert!(error.to_string().contains("in use"), "{error}");
            assert_eq!(node.run("release", json!({})).await, 1);
        };
        let (first, ()) = join!(first, rest);
        assert_eq!(first.unwrap(), echo(&sent));

        // The original's: it can hear one answer under that id, and gets one.
        node.run("timeout", json!({ "ms": 60_000 })).await;
        let ask = json!({ "count": 2, "ids": ["twin", "twin"] });
        node.tell("ask", ask).await;
        let (data, responder) = next_request(&mut incoming).await.unpack::<Value>().unwrap();
        assert_eq!(data["ask"], "node 0");
        // A call behind the second one shows that it has been read.
        node.run("answer", json!({ "how": "each" })).await;
        handle.send_await::<Value>(&json!({})).await.unwrap();
        assert_eq!(handle.stats().requests, 1);
        assert_eq!(handle.stats().refused, 1);
        responder.reply(&echo(&data)).await.unwrap();
    }
}
