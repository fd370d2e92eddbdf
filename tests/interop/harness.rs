//! Does the harness itself work: `client.js` against `server.js`, both the
//! original library.

use serde_json::{Value, json};

use crate::node::{Node, Program, Server};

/// A connected pair, or `None` where Node is missing.
async fn pair(settings: Value) -> Option<(Program, Server)> {
    let node = Node::require()?;
    let mut server = node.server(settings.clone()).await;
    let mut client = node.client(settings).await;
    client.run("connect", json!({ "url": server.url })).await;
    assert_eq!(client.event("open").await, 0);
    assert_eq!(server.program.event("open").await, 0);
    Some((client, server))
}

#[tokio::test]
async fn two_hundred_each_way_answered_in_reverse() {
    let answer = json!({ "how": "reversed", "batch": 200 });
    let Some((mut client, mut server)) = pair(json!({ "answer": answer })).await else {
        return;
    };
    let server = &mut server.program;
    client
        .tell(
            "ask",
            json!({ "count": 200, "name": "client", "size": 100 }),
        )
        .await;
    server
        .tell("ask", json!({ "count": 200, "name": "server" }))
        .await;
    for peer in [&mut client, server] {
        let result = peer.event("ask").await;
        assert_eq!(result["right"], 200, "{result}");
        assert_eq!(result["wrong"], json!([]));
        assert_eq!(result["failed"], json!({}));
        assert_eq!(result["settled"], json!((0..200).rev().collect::<Vec<_>>()));
        assert_eq!(result["keys"], json!([["echo"]]));
        let report = peer.run("report", json!({ "answered": 200 })).await;
        assert_eq!(report["requests"].as_array().map(Vec::len), Some(200));
        assert_eq!(report["pending"], 0);
        assert_eq!(report["errors"], json!([]));
    }
}

#[tokio::test]
async fn colliding_ids_are_reported_as_wrong_answers() {
    let settings = json!({ "ids": { "prefix": "_" }, "answer": { "how": "hold" } });
    let Some((mut client, mut server)) = pair(settings).await else {
        return;
    };
    // The original takes a request for the answer when the ids are the same.
    client
        .tell("ask", json!({ "count": 1, "name": "client" }))
        .await;
    let held = server.program.run("report", json!({ "requests": 1 })).await;
    assert_eq!(held["requests"][0]["id"], "_1");
    server
        .program
        .tell("ask", json!({ "count": 1, "name": "server" }))
        .await;
    let result = client.event("ask").await;
    assert_eq!(result["right"], 0);
    assert_eq!(result["wrong"][0]["got"]["ask"], "server 0");
}

#[tokio::test]
async fn late_and_second_answers_are_reported_as_requests() {
    let settings = json!({ "awaitTimeout": 1, "answer": { "how": "hold" } });
    let Some((mut client, mut server)) = pair(settings).await else {
        return;
    };
    let server = &mut server.program;
    let result = client
        .run("ask", json!({ "count": 2, "ids": ["a", "b"] }))
        .await;
    let timed_out = "No response is received: Response timeout expired";
    assert_eq!(result["failed"], json!({ timed_out: 2 }));
    server.run("report", json!({ "requests": 2 })).await;
    assert_eq!(server.run("release", json!({ "reversed": true })).await, 2);
    let late = client.run("report", json!({ "requests": 2 })).await;
    assert_eq!(late["requests"][0]["id"], "b");
    assert_eq!(late["requests"][1]["data"]["echo"]["ask"], "node 0");

    client.run("timeout", json!({ "ms": 60_000 })).await;
    server.run("answer", json!({ "how": "twice" })).await;
    let result = client.run("ask", json!({ "count": 1, "ids": ["c"] })).await;
    assert_eq!(result["right"], 1);
    let report = client.run("report", json!({ "requests": 3 })).await;
    assert_eq!(report["requests"][2]["id"], "c");
}

#[tokio::test]
async fn the_id_can_be_a_number_elsewhere_and_left_in_place() {
    let settings = json!({ "field": "rid", "ids": { "from": 7 }, "leaveAwaitId": true });
    let Some((mut client, mut server)) = pair(settings).await else {
        return;
    };
    let result = client.run("ask", json!({ "count": 3 })).await;
    assert_eq!(result["right"], 3);
    assert_eq!(result["keys"], json!([["rid", "echo"]]));
    let report = server.program.run("report", json!({ "requests": 3 })).await;
    assert_eq!(report["requests"][0]["id"], 7);
    assert_eq!(report["requests"][2]["data"]["rid"], 9);
}

#[tokio::test]
async fn messages_bad_frames_and_closing_are_reported() {
    let answer = json!({ "how": "hold" });
    let Some((mut client, mut server)) = pair(json!({ "answer": answer })).await else {
        return;
    };
    client.run("send", json!({ "data": { "plain": 1 } })).await;
    client
        .run("raw", json!({ "text": "{not JSON", "binary": true }))
        .await;
    let report = server
        .program
        .run("report", json!({ "messages": 1, "errors": 1 }))
        .await;
    assert_eq!(report["messages"], json!([{ "plain": 1 }]));
    assert_eq!(report["errors"].as_array().map(Vec::len), Some(1));

    client.tell("ask", json!({ "count": 5 })).await;
    server.program.run("report", json!({ "requests": 5 })).await;
    server
        .program
        .run("close", json!({ "code": 4001, "reason": "enough" }))
        .await;
    let closed = json!({ "socket": 0, "code": 4001, "reason": "enough" });
    assert_eq!(client.event("closed").await, closed);
    let result = client.event("ask").await;
    let close = "The message is not sent or not response is received: Connection close";
    assert_eq!(result["failed"], json!({ close: 5 }));

    client.run("connect", json!({ "url": server.url })).await;
    assert_eq!(client.event("open").await, 1);
    client.run("terminate", json!({})).await;
    assert_eq!(client.event("closed").await["code"], 1006);
    client.finish().await;
    server.program.finish().await;
}
