//! Many calls each way at once, answered out of order.

use std::cell::RefCell;

use futures::future::join_all;
use futures::join;
use serde_json::{Value, json};

use crate::session::{Role, Session, echo, echo_all, next_request, roomy, session};

const COUNT: usize = 1200;

#[tokio::test]
async fn over_a_thousand_calls_each_way_at_once_answered_in_reverse() {
    for &role in Role::both() {
        let settings = json!({
            "answer": { "how": "reversed", "batch": COUNT },
            "awaitTimeout": 60_000,
        });
        let session = session(role, settings, roomy()).await;
        all_is_answered(role, session).await;
    }
}

async fn all_is_answered(role: Role, session: Session) {
    let Session {
        handle,
        mut incoming,
        mut node,
    } = session;
    let ask = json!({ "count": COUNT, "size": 100 });
    node.tell("ask", ask).await;

    let settled = RefCell::new(Vec::new());
    let calls = join_all((0..COUNT).map(|number| {
        let (handle, settled) = (&handle, &settled);
        async move {
            let sent = json!({ "ask": number, "pad": "y".repeat(100) });
            let got = handle.send_await::<Value>(&sent).await;
            assert_eq!(got.unwrap(), echo(&sent), "{role:?}");
            settled.borrow_mut().push(number);
        }
    }));
    let answers = async {
        let mut requests = Vec::new();
        while requests.len() < COUNT {
            let request = next_request(&mut incoming).await;
            requests.push(request.unpack::<Value>().expect("it is JSON"));
        }
        for (data, responder) in requests.into_iter().rev() {
            responder.reply(&echo(&data)).await.unwrap();
        }
    };
    let (_, (), asked) = join!(calls, answers, node.event("ask"));

    assert_eq!(asked["right"], COUNT, "{role:?}");
    let reverse: Vec<_> = (0..COUNT).rev().collect();
    assert_eq!(asked["settled"], json!(reverse));
    assert_eq!(asked["keys"], json!([["echo"]]));
    assert_eq!(settled.into_inner().len(), COUNT);
    assert_eq!(handle.in_flight(), 0);
    let stats = handle.stats();
    assert_eq!(stats.replied, COUNT as u64);
    assert_eq!(stats.requests, COUNT as u64);
    assert_eq!(stats.late + stats.unknown + stats.refused, 0, "{stats:?}");
    let report = node.run("report", json!({ "answered": COUNT })).await;
    assert_eq!(report["pending"], 0);
    assert_eq!(report["errors"], json!([]));
}

#[tokio::test]
async fn large_messages_each_way_do_not_lock_the_two_ends_up() {
    for &role in Role::both() {
        let settings = json!({ "awaitTimeout": 60_000 });
        let session = session(role, settings, roomy()).await;
        let Session {
            handle,
            incoming,
            mut node,
            ..
        } = session;
        // Far more than the buffers of the operating system hold.
        let ask = json!({ "count": 100, "size": 200_000 });
        node.tell("ask", ask).await;
        let calls = async {
            let calls = join_all((0..100).map(async |number| {
                let sent = json!({ "ask": number, "pad": "y".repeat(200_000) });
                let got = handle.send_await::<Value>(&sent).await;
                got.unwrap() == echo(&sent)
            }));
            let (right, asked) = join!(calls, node.event("ask"));
            assert!(right.iter().all(|right| *right), "{role:?}");
            assert_eq!(asked["right"], 100, "{role:?}");
            handle.close().await;
        };
        join!(calls, echo_all(incoming));
    }
}
