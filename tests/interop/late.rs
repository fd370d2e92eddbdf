//! Replies that come late, twice or for nothing.

use std::time::Duration;

use await_layer::{CallError, Sent};
use await_layer_tungstenite::Event;
use futures::future::join_all;
use futures::{StreamExt, join};
use serde_json::{Value, json};

use crate::session::{Role, Session, echo, echo_all, roomy, session};

/// A call and its answer, behind everything that is under way.
async fn fence(session: &mut Session) {
    session.node.run("answer", json!({ "how": "each" })).await;
    let sent = json!({ "fence": 1 });
    let reply = session.handle.send_await::<Value>(&sent).await;
    assert_eq!(reply.unwrap(), echo(&sent));
}

/// Ends the session, and says what had come in.
async fn events(session: Session) -> Vec<Event> {
    let (_, events) = join!(session.handle.close(), session.incoming.collect());
    events
}

/// Defects 2 and 3: at the original a late reply is a request, which both ends
/// then answer for ever.
#[tokio::test]
async fn defects_2_and_3_a_reply_after_the_timeout_reaches_nobody_and_is_counted() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" } });
        let mut session = session(role, settings, roomy()).await;
        let handle = session.handle.clone();
        let calls = (0..10).map(|number| {
            let call = handle.send_await::<Value>(&json!({ "ask": number }));
            call.timeout(Duration::from_secs(100))
        });
        let expire = async {
            session.node.run("report", json!({ "requests": 10 })).await;
            // Our clock only, and only now that nothing else waits on it.
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(100)).await;
            tokio::time::resume();
        };
        let (results, ()) = join!(join_all(calls), expire);
        for result in results {
            let Err(CallError::Timeout { sent, .. }) = result else {
                panic!("{role:?}: {result:?}");
            };
            assert_eq!(sent, Sent::Yes, "{role:?}");
        }
        assert_eq!(handle.in_flight(), 0);
        assert_eq!(session.node.run("release", json!({})).await, 10);
        fence(&mut session).await;

        let stats = handle.stats();
        assert_eq!((stats.expired, stats.late), (10, 10), "{role:?}: {stats:?}");
        assert_eq!(stats.requests, 0);
        let report = session.node.run("report", json!({})).await;
        // Its ten and the fence: nothing bounced.
        assert_eq!(report["requests"].as_array().map(Vec::len), Some(11));
        assert!(events(session).await.is_empty());
    }
}

#[tokio::test]
async fn defect_2_a_reply_after_a_cancel_reaches_nobody_and_is_counted() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" } });
        let mut session = session(role, settings, roomy()).await;
        let handle = session.handle.clone();
        let call = handle.send_await::<Value>(&json!({ "ask": 1 }));
        let heard = session.node.run("report", json!({ "requests": 1 }));
        // Drops the call once the request has arrived.
        tokio::select! {
            reply = call => panic!("{reply:?}"),
            _ = heard => {}
        }
        assert_eq!(session.node.run("release", json!({})).await, 1);
        fence(&mut session).await;
        let stats = handle.stats();
        assert_eq!((stats.cancelled, stats.late), (1, 1), "{role:?}: {stats:?}");
        assert!(events(session).await.is_empty());
    }
}

/// Defect 4: at the original the second of two replies is a request.
#[tokio::test]
async fn defect_4_duplicate_replies_reach_nobody_and_are_counted() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "twice" } });
        let mut session = session(role, settings, roomy()).await;
        let handle = session.handle.clone();
        let results = join_all((0..100).map(async |number| {
            let sent = json!({ "ask": number });
            let got = handle.send_await::<Value>(&sent).await;
            got.unwrap() == echo(&sent)
        }))
        .await;
        assert!(results.iter().all(|right| *right), "{role:?}");
        fence(&mut session).await;
        let stats = handle.stats();
        assert_eq!(stats.late, 100, "{role:?}: {stats:?}");
        assert_eq!(stats.requests, 0);
        assert!(events(session).await.is_empty());
    }
}

/// Defect 3, from the other side: the original times out, gets our answer, and
/// takes it for a request, which it answers. We do not go on with that.
#[tokio::test]
async fn defect_3_our_late_answer_does_not_come_and_go_for_ever() {
    for &role in Role::both() {
        let settings = json!({ "awaitTimeout": 1 });
        let mut session = session(role, settings, roomy()).await;
        let asked = session.node.run("ask", json!({ "ids": ["late"] })).await;
        assert_eq!(asked["right"], 0);
        let Some(Event::Request(request)) = session.incoming.next().await else {
            panic!("no request");
        };
        let (data, responder) = request.unpack::<Value>().expect("it is JSON");
        responder.reply(&echo(&data)).await.unwrap();
        // The original "answers" our answer under the same id. The wire cannot
        // say that this is no request of its; it is one here, and whoever
        // answers everything would keep the ball in the air.
        let Some(Event::Request(bounced)) = session.incoming.next().await else {
            panic!("nothing bounced");
        };
        drop(bounced);
        fence(&mut session).await;
        assert_eq!(session.handle.stats().unanswered, 1);
        assert_eq!(session.handle.stats().requests, 2);
    }
}

/// Defect 13: at the original a timeout that is no ordinary number is 1 ms.
#[tokio::test]
async fn defect_13_a_call_may_wait_for_ever() {
    for &role in Role::both() {
        let settings = json!({ "answer": { "how": "hold" } });
        let mut session = session(role, settings, roomy()).await;
        let (handle, node) = (&session.handle, &mut session.node);
        let sent = json!({ "ask": 1 });
        let calls = [Duration::MAX, Duration::from_millis(1 << 31)]
            .map(|timeout| handle.send_await::<Value>(&sent).timeout(timeout));
        let release = async {
            node.run("report", json!({ "requests": 2 })).await;
            node.run("release", json!({})).await
        };
        let (replies, released) = join!(join_all(calls), release);
        assert_eq!(released, 2);
        for reply in replies {
            assert_eq!(reply.unwrap(), echo(&sent), "{role:?}");
        }
    }
}

#[tokio::test]
async fn the_original_times_out_when_we_do_not_answer_and_asks_again() {
    for &role in Role::both() {
        let settings = json!({ "awaitTimeout": 1 });
        let session = session(role, settings, roomy()).await;
        let Session {
            handle,
            mut incoming,
            mut node,
            ..
        } = session;
        let asked = node.run("ask", json!({ "count": 3 })).await;
        let timed_out = "No response is received: Response timeout expired";
        assert_eq!(asked["failed"], json!({ timed_out: 3 }));
        for _ in 0..3 {
            let event = incoming.next().await;
            assert!(matches!(event, Some(Event::Request(_))));
        }
        assert_eq!(handle.stats().unanswered, 3);
        node.run("timeout", json!({ "ms": 60_000 })).await;
        let asked = async {
            assert_eq!(node.run("ask", json!({ "count": 3 })).await["right"], 3);
            handle.close().await;
        };
        join!(asked, echo_all(incoming));
    }
}
