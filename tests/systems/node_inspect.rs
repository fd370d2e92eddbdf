//! Node's own inspector: the Chrome DevTools Protocol over a WebSocket.

use std::process::Stdio;
use std::time::Duration;

use await_layer::{CallError, Cause, Sent};
use await_layer_protocols::cdp::{Cdp, Failure, InSession, Method, Received};
use await_layer_testkit::example::Example;
use await_layer_tungstenite::tokio_tungstenite::MaybeTlsStream;
use await_layer_tungstenite::{Config, Event, Frame, Handle, Incoming, Layer, Link, connect};
use futures::future::{join, join_all, poll_immediate};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::programs::{expired, installed, patient};
use crate::signals::signal;

type Stream = MaybeTlsStream<TcpStream>;
type Node = Link<Stream, Cdp<Frame>>;

/// A Node that idles, and a connection to its inspector.
async fn attached() -> Option<(Layer<Stream, Cdp<Frame>>, Child)> {
    let mut node = Command::new(installed("node")?)
        .args(["--inspect=127.0.0.1:0", "-e", "setInterval(() => {}, 1e6)"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts");
    let mut said = BufReader::new(node.stderr.take().expect("it is piped")).lines();
    let url = loop {
        let line = said.next_line().await.unwrap().expect("it names a URL");
        if let Some(url) = line.strip_prefix("Debugger listening on ") {
            break url.to_owned();
        }
    };
    // Or what it says later ends it.
    tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
    let mut config = Config::new(Cdp::new());
    config.limits = patient();
    let layer = connect(url, config).await.unwrap();
    Some((layer, node))
}

struct Session {
    tool: Handle<Node>,
    incoming: Incoming<Node>,
    node: Child,
}

async fn session() -> Option<Session> {
    let (layer, node) = attached().await?;
    let (tool, incoming) = layer.split();
    Some(Session {
        tool,
        incoming,
        node,
    })
}

fn evaluate(expression: &str) -> Method<'static, Value> {
    let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
    Method("Runtime.evaluate", params)
}

/// What the program makes of `expression`.
async fn value(tool: &Handle<Node>, expression: &str) -> Value {
    let reply = tool.send_await::<Value>(&evaluate(expression)).await;
    reply.unwrap()["result"]["value"].take()
}

/// One that is answered when the program is told `name()`.
fn until_told(name: &str) -> Method<'static, Value> {
    evaluate(&format!("new Promise(it => globalThis.{name} = it)"))
}

#[tokio::test]
async fn the_inspector_answers_after_the_handshake() {
    let Some(session) = session().await else {
        return;
    };
    let version = value(&session.tool, "process.version").await;
    assert!(version.as_str().unwrap().starts_with('v'), "{version}");
    let reason = session.tool.close().await;
    assert_eq!(reason.cause(), Cause::Local);
}

#[tokio::test]
async fn two_hundred_calls_at_once_get_their_own_replies() {
    let Some(session) = session().await else {
        return;
    };
    let tool = &session.tool;
    let calls = (0..200).map(async |number: u32| {
        let squared = format!("'n' + {number} * {number}");
        assert_eq!(value(tool, &squared).await, format!("n{}", number * number));
    });
    join_all(calls).await;
    assert_eq!(tool.stats().replied, 200);
}

#[tokio::test]
async fn replies_come_in_any_order() {
    let Some(session) = session().await else {
        return;
    };
    let tool = &session.tool;
    let mut calls = FuturesUnordered::new();
    for name in ["a", "b", "c"] {
        let call = tool.send_await::<Value>(&until_told(name));
        calls.push(call.map(|reply| reply.unwrap()["result"]["value"].clone()));
    }
    assert!(poll_immediate(calls.next()).await.is_none());
    for name in ["c", "a", "b"] {
        let (reply, _) = join(calls.next(), value(tool, &format!("{name}('{name}')"))).await;
        assert_eq!(reply.unwrap(), name);
    }
}

#[tokio::test]
async fn events_keep_their_place_among_replies() {
    let Some(mut session) = session().await else {
        return;
    };
    let tool = &session.tool;
    let enabled = tool.send_await::<Value>(&Method("Runtime.enable", ()));
    enabled.await.unwrap();
    let logged = "for (const n of [1, 2, 3]) console.log(n)";
    value(tool, logged).await;
    // They came before the reply, so they are here.
    let mut seen = Vec::new();
    while let Some(Some(Event::Message(frame))) = poll_immediate(session.incoming.next()).await {
        let event: Received = tool.unpack(frame).unwrap();
        let params: Value = event.params().unwrap();
        let first = params["args"][0]["value"].clone();
        seen.push((event.method, first));
        if seen.len() == 4 {
            break;
        }
    }
    let log = |number: u32| ("Runtime.consoleAPICalled".to_owned(), json!(number));
    let context = ("Runtime.executionContextCreated".to_owned(), Value::Null);
    assert_eq!(seen, [context, log(1), log(2), log(3)]);
    // Nothing is asked when this one comes.
    value(tool, "void setImmediate(() => console.log('later'))").await;
    let Some(Event::Message(frame)) = session.incoming.next().await else {
        panic!("no event");
    };
    let event: Received = tool.unpack(frame).unwrap();
    let params: Value = event.params().unwrap();
    assert_eq!(params["args"][0]["value"], "later");
}

#[tokio::test]
async fn an_error_reply_fails_its_call_alone() {
    let Some(session) = session().await else {
        return;
    };
    let unknown = session.tool.send_await::<Value>(&Method("No.such", ()));
    let (unknown, known) = join(unknown, value(&session.tool, "1 + 1")).await;
    match unknown.unwrap_err() {
        CallError::Unpack(Failure::Remote(error)) => assert_eq!(error.code, -32601),
        other => panic!("{other:?}"),
    }
    assert_eq!(known, 2);
}

/// Node ignores sessions, and its replies have none.
#[tokio::test]
async fn a_call_in_a_session_is_answered_without_one() {
    let Some(session) = session().await else {
        return;
    };
    let call = InSession("no such", evaluate("1 + 1"));
    let reply = session.tool.send_await::<Value>(&call).await.unwrap();
    assert_eq!(reply["result"]["value"], 2);
}

#[tokio::test]
async fn a_caller_s_ids_may_be_any_i32() {
    let Some(session) = session().await else {
        return;
    };
    for id in [0, -1, i32::MIN, i32::MAX] {
        let call = session.tool.send_await::<Value>(&evaluate("6 * 7"));
        let reply = call.with_id(id).await.unwrap();
        assert_eq!(reply["result"]["value"], 42, "{id}");
    }
}

#[tokio::test]
async fn a_reply_to_a_call_that_was_dropped_reaches_nobody() {
    let Some(session) = session().await else {
        return;
    };
    let tool = &session.tool;
    let mut call = tool.send_await::<Value>(&until_told("go")).boxed();
    assert!(poll_immediate(&mut call).await.is_none());
    // It has arrived, for this is behind it.
    value(tool, "1").await;
    drop(call);
    value(tool, "go()").await;
    value(tool, "2").await;
    let stats = tool.stats();
    assert_eq!((stats.cancelled, stats.late), (1, 1), "{stats:?}");
}

#[tokio::test]
async fn a_reply_after_the_timeout_reaches_nobody_and_is_counted() {
    let Some(session) = session().await else {
        return;
    };
    let tool = &session.tool;
    let call = tool.send_await::<Value>(&until_told("go"));
    let ended = expired(call.timeout(Duration::from_secs(100))).await;
    let Err(CallError::Timeout { sent, .. }) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(sent, Sent::Yes);
    value(tool, "go('late')").await;
    assert_eq!(value(tool, "'next'").await, "next");
    let stats = tool.stats();
    assert_eq!((stats.expired, stats.late), (1, 1), "{stats:?}");
    assert_eq!(tool.in_flight(), 0);
}

/// What is no command it answers twice: without an id, and with an id that it
/// has seen before.
#[tokio::test]
async fn errors_without_an_id_pass_through_and_stray_replies_are_counted() {
    let Some((mut layer, _node)) = attached().await else {
        return;
    };
    let tool = layer.handle();
    assert_eq!(value(&tool, "1").await, 1);
    layer.send(Frame::text("no command")).await.unwrap();
    let frame = layer.next().await.unwrap().unwrap();
    match tool.unpack::<Received>(frame).unwrap_err() {
        Failure::Remote(error) => assert_eq!(error.code, -32700),
        other => panic!("{other:?}"),
    }
    assert_eq!(value(&tool, "2").await, 2);
    let stats = tool.stats();
    assert_eq!(
        (stats.replied, stats.late + stats.unknown),
        (2, 1),
        "{stats:?}"
    );
}

#[tokio::test]
async fn every_call_ends_when_node_is_killed() {
    let Some(session) = session().await else {
        return;
    };
    let tool = &session.tool;
    let calls = (0..10).map(|_| tool.send_await::<Value>(&evaluate("new Promise(() => {})")));
    let mut calls = join_all(calls).boxed_local();
    assert!(poll_immediate(&mut calls).await.is_none());
    value(tool, "1").await;
    signal(session.node.id().unwrap(), "KILL");
    let ends = calls.await;
    let reason = tool.close_reason().unwrap();
    for ended in ends {
        let Err(CallError::Closed {
            reason: told, sent, ..
        }) = ended
        else {
            panic!("{ended:?}");
        };
        assert_eq!((told, sent), (reason.clone(), Sent::Yes));
    }
    assert_ne!(reason.cause(), Cause::Local);
    assert_eq!(reason.code(), Some(1006), "{reason}");
    assert_eq!(tool.in_flight(), 0);
}

/// The example drives another Node.
#[test]
fn the_devtools_example_prints_what_a_script_says() {
    if installed("node").is_none() {
        return;
    }
    let said = Example::start("devtools", &[]).rest();
    let said: Vec<_> = said.lines().collect();
    let logged = r#""log": "six by seven is" 42"#;
    assert_eq!(said, [logged, "closed here", "node: exit status: 3"]);
}
