//! npm's graphql-ws 6.4.2: graphql-transport-ws over a WebSocket.

use std::process::Stdio;
use std::time::Duration;

use await_layer::{AwaitLayer, CallError, Refused, Sent, Staged, TokioTimer};
use await_layer_protocols::graphql_ws::{
    Errors, Failure, GraphqlWs, Kind, Operation, Response, SUBPROTOCOL, Session,
};
use await_layer_tungstenite::tokio_tungstenite::{MaybeTlsStream, connect_async_with_config};
use await_layer_tungstenite::tungstenite::client::IntoClientRequest;
use await_layer_tungstenite::{Config, Event, Frame, Handle, Incoming, WebSocket};
use futures::future::{join, join_all, poll_immediate};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::programs::{expired, node_modules, patient};
use crate::signals::signal;

type Io = Staged<WebSocket<MaybeTlsStream<TcpStream>>, Session<Frame>>;
type Server = await_layer::Link<Io, GraphqlWs, TokioTimer>;

struct Connected {
    client: Handle<Server>,
    incoming: Incoming<Server>,
    program: Child,
}

/// A server of our own making, and its port.
async fn start() -> Option<(Child, u16)> {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/systems/node/graphql_server.js"
    );
    let mut program = Command::new("node")
        .arg(script)
        .env("NODE_PATH", node_modules()?)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts");
    let said = BufReader::new(program.stdout.take().expect("it is piped"));
    let port = said.lines().next_line().await.unwrap().expect("a port");
    Some((program, port.parse().unwrap()))
}

async fn connect(session: Session<Frame>) -> Option<Connected> {
    let (program, port) = start().await?;
    let mut request = format!("ws://127.0.0.1:{port}")
        .into_client_request()
        .unwrap();
    let subprotocol = SUBPROTOCOL.parse().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", subprotocol);
    let mut config = Config::new(GraphqlWs);
    config.limits = patient();
    let websocket = config.websocket().unwrap();
    let (stream, _) = connect_async_with_config(request, Some(websocket), true)
        .await
        .unwrap();
    let io = Staged::new(WebSocket::with(stream, websocket, None), session);
    let layer = AwaitLayer::with(io, GraphqlWs, TokioTimer::new(), config.limits);
    let (client, incoming) = layer.split();
    Some(Connected {
        client,
        incoming,
        program,
    })
}

/// A client that the server has acknowledged.
async fn connected() -> Option<Connected> {
    let connected = connect(Session::client()).await?;
    assert_eq!(square(&connected.client, 3).await, 9);
    Some(connected)
}

async fn square(client: &Handle<Server>, of: u64) -> Value {
    let variables = json!({ "of": of });
    let query = Operation::single("query($of: Int!) { square(of: $of) }", variables);
    let data = client.send_await::<Value>(&query).await;
    data.unwrap()["square"].take()
}

fn held(name: &str) -> Operation<'static, Value> {
    let query = "query($name: String!) { held(name: $name) }";
    Operation::single(query, json!({ "name": name }))
}

fn gated(name: &str) -> Operation<'static, Value> {
    let subscription = "subscription($name: String!) { gated(name: $name) }";
    Operation::streamed(subscription, json!({ "name": name }))
}

/// Releases what waits under the name. It may not have begun to.
async fn release(client: &Handle<Server>, name: &str) {
    let mutation = "mutation($name: String!) { release(name: $name) }";
    let mutation = Operation::single(mutation, json!({ "name": name }));
    while client.send_await::<Value>(&mutation).await.unwrap()["release"] == false {}
}

async fn gates(client: &Handle<Server>) -> Value {
    let query = Operation::single("{ gates }", ());
    client.send_await::<Value>(&query).await.unwrap()["gates"].take()
}

/// Frames that came for a call which no longer wants any.
fn late(client: &Handle<Server>) -> u64 {
    let stats = client.stats();
    stats.late + stats.late_parts
}

#[tokio::test]
async fn the_server_acknowledges_us_and_says_so() {
    let session = Session::client_with(&json!({ "token": "mine" })).unwrap();
    let Some(mut connected) = connect(session).await else {
        return;
    };
    assert_eq!(square(&connected.client, 2).await, 4);
    let Some(Event::Message(ack)) = connected.incoming.next().await else {
        panic!("no acknowledgement");
    };
    assert_eq!(ack.kind(), Kind::ConnectionAck);
    assert_eq!(ack.payload(), Some(r#"{"token":"mine"}"#));
}

#[tokio::test]
async fn a_client_that_is_turned_away_is_told_why() {
    let session = Session::client_with(&json!({ "token": "wrong" })).unwrap();
    let Some(connected) = connect(session).await else {
        return;
    };
    let query = Operation::single("{ gates }", ());
    let refused = connected.client.send_await::<Value>(&query).await;
    let Err(CallError::Closed { reason, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((reason.code(), reason.text()), (Some(4403), "Forbidden"));
}

#[tokio::test]
async fn two_hundred_operations_at_once_get_their_own_results() {
    let Some(connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let calls = (0..200).map(async |number: u64| {
        assert_eq!(square(client, number).await, number * number);
    });
    join_all(calls).await;
    let stats = client.stats();
    assert_eq!((stats.replied, stats.late, stats.unknown), (201, 0, 0));
}

#[tokio::test]
async fn results_come_in_any_order() {
    let Some(connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let mut calls = FuturesUnordered::new();
    for name in ["a", "b", "c"] {
        let call = client.send_await::<Value>(&held(name));
        calls.push(call.map(|data| data.unwrap()["held"].take()));
    }
    for name in ["c", "a", "b"] {
        let (data, ()) = join(calls.next(), release(client, name)).await;
        assert_eq!(data.unwrap(), name);
    }
}

#[tokio::test]
async fn a_ping_is_answered_while_operations_are_pending() {
    let Some(mut connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let pending = client.send_await::<Value>(&held("a"));
    let ping = Operation::single("{ ping(n: 7) }", ());
    let ping = client.send_await::<Value>(&ping);
    let releasing = async {
        assert_eq!(ping.await.unwrap(), json!({ "ping": 7 }));
        release(client, "a").await;
    };
    let (pending, ()) = join(pending, releasing).await;
    assert_eq!(pending.unwrap(), json!({ "held": "a" }));
    // The acknowledgement is all that we saw.
    assert!(matches!(
        connected.incoming.next().await,
        Some(Event::Message(_))
    ));
    assert!(poll_immediate(connected.incoming.next()).await.is_none());
}

#[tokio::test]
async fn streamed_results_come_in_order_and_end() {
    let Some(connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let counts = (0..20).map(async |to: u64| {
        let variables = json!({ "to": to });
        let count = "subscription($to: Int!) { count(to: $to) }";
        let parts = client.send_stream::<Value>(&Operation::streamed(count, variables));
        let parts: Vec<_> = parts
            .map(|data| data.unwrap()["count"].take())
            .collect()
            .await;
        assert_eq!(parts, (1..=to).map(Value::from).collect::<Vec<_>>());
    });
    join_all(counts).await;
    assert_eq!(late(client), 0);
}

#[tokio::test]
async fn several_errors_fail_their_operation_alone() {
    let Some(connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let wrong = Operation::single("{ nope nada }", ());
    let wrong = client.send_await::<Value>(&wrong);
    let (wrong, right) = join(wrong, square(client, 5)).await;
    let Err(CallError::Unpack(Failure::Remote(Errors(errors)))) = wrong else {
        panic!("{wrong:?}");
    };
    assert_eq!(errors.len(), 2);
    assert!(errors[1].message.contains("nada"), "{}", errors[1].message);
    assert_eq!(right, 25);
}

#[tokio::test]
async fn a_field_that_fails_leaves_the_rest() {
    let Some(connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let partly = Operation::single("{ broken gates }", ());
    let failed = client.send_await::<Value>(&partly).await;
    assert!(matches!(failed, Err(CallError::Unpack(Failure::Remote(_)))));
    let whole = client.send_await::<Response<Value>>(&partly).await.unwrap();
    assert_eq!(whole.data, Some(json!({ "broken": null, "gates": 0 })));
    assert_eq!(whole.errors[0].message, "as it should be");
}

#[tokio::test]
async fn an_error_ends_a_stream_after_its_parts() {
    let Some(connected) = connected().await else {
        return;
    };
    let failing = Operation::streamed("subscription { failing }", ());
    let mut parts = connected.client.send_stream::<Value>(&failing);
    let first = parts.next().await.unwrap();
    assert_eq!(first.unwrap(), json!({ "failing": 1 }));
    match parts.next().await.unwrap().unwrap_err() {
        CallError::Unpack(Failure::Remote(errors)) => assert_eq!(errors.to_string(), "after one"),
        other => panic!("{other:?}"),
    }
    assert!(parts.next().await.is_none());
}

#[tokio::test]
async fn a_stream_that_is_dropped_ends_at_the_server_and_its_last_part_reaches_nobody() {
    let Some(connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let mut parts = client.send_stream::<Value>(&gated("a"));
    assert_eq!(parts.next().await.unwrap().unwrap(), json!({ "gated": 0 }));
    assert_eq!(gates(client).await, 1);
    drop(parts);
    // The server does not leave off in the midst of a result.
    release(client, "a").await;
    while gates(client).await != 0 {}
    assert_eq!(client.stats().cancelled, 1);
    assert_eq!(late(client), 1);
}

#[tokio::test]
async fn a_part_after_the_timeout_reaches_nobody_and_is_counted() {
    let Some(connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let parts = client.send_stream::<Value>(&gated("a"));
    let mut parts = parts.timeout(Duration::from_secs(100));
    assert_eq!(parts.next().await.unwrap().unwrap(), json!({ "gated": 0 }));
    let ended = expired(parts.next()).await;
    let Some(Err(CallError::Timeout { sent, .. })) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(sent, Sent::Yes);
    release(client, "a").await;
    while gates(client).await != 0 {}
    assert_eq!(client.stats().expired, 1);
    assert_eq!(late(client), 1);
}

/// The server would close the connection.
#[tokio::test]
async fn an_id_in_use_is_refused_here() {
    let Some(connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let first = client
        .send_await::<Value>(&held("a"))
        .with_id("mine".into());
    let second = client
        .send_await::<Value>(&held("a"))
        .with_id("mine".into());
    let refusal = async {
        let refused = second.await;
        release(client, "a").await;
        refused
    };
    let (first, second) = join(first, refusal).await;
    assert_eq!(first.unwrap(), json!({ "held": "a" }));
    let Err(CallError::Refused { why, frame }) = second else {
        panic!("{second:?}");
    };
    assert_eq!(why, Refused::IdInUse);
    assert!(frame.is_some());
}

#[tokio::test]
async fn everything_ends_when_the_server_is_killed() {
    let Some(connected) = connected().await else {
        return;
    };
    let client = &connected.client;
    let calls = ["a", "b", "c"].map(|name| client.send_await::<Value>(&held(name)));
    let mut calls = join_all(calls).boxed_local();
    assert!(poll_immediate(&mut calls).await.is_none());
    let mut parts = client.send_stream::<Value>(&gated("d"));
    assert_eq!(parts.next().await.unwrap().unwrap(), json!({ "gated": 0 }));
    signal(connected.program.id().unwrap(), "KILL");
    let (mut ends, last) = join(calls, parts.next()).await;
    ends.extend(last);
    assert_eq!(ends.len(), 4);
    let reason = client.close_reason().unwrap();
    for ended in ends {
        let Err(CallError::Closed { reason: told, .. }) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(told, reason);
    }
    assert!(parts.next().await.is_none());
    assert_eq!(client.in_flight(), 0);
}
