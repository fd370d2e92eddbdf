//! npm's bash-language-server 5.8.1: LSP over the stdio of a child process.

use std::path::Path;
use std::time::Duration;

use await_layer::{CallError, Event, Request, Sent};
use await_layer_protocols::lsp::{Failure, Lsp, Method, Outcome, Received};
use await_layer_testkit::example::Example;
use await_layer_tokio::{Child, Config, ContentLength, Handle, Incoming, Link, layer};
use bytes::Bytes;
use futures::future::{join, join_all, poll_immediate};
use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::programs::{Folder, expired, installed, node_modules, patient, write};
use crate::signals::{signal, stop};

type Server = Link<Child, ContentLength, Lsp<Bytes>>;

struct Session {
    server: Handle<Server>,
    incoming: Incoming<Server>,
    process: u32,
}

/// A server that has been started and does not know of us yet.
fn start() -> Option<Session> {
    let script = node_modules()?.join("bash-language-server/out/cli.js");
    let child = Child::spawn(Command::new("node").arg(script).arg("start")).unwrap();
    let process = child.id().unwrap();
    let mut config = Config::new(ContentLength::new(), Lsp::default());
    config.limits = patient();
    let (server, incoming) = layer(child, config).split();
    Some(Session {
        server,
        incoming,
        process,
    })
}

/// A server that is ready, and asks us nothing.
async fn initialized() -> Option<Session> {
    let session = start()?;
    let capabilities = json!({ "processId": null, "rootUri": null, "capabilities": {} });
    let ready = session
        .server
        .send_await::<Value>(&Method("initialize", capabilities));
    let ready = ready.await.unwrap();
    assert!(ready["capabilities"]["hoverProvider"].as_bool().unwrap());
    let done = Method("initialized", json!({}));
    session.server.send(&done).await.unwrap();
    Some(session)
}

fn opened(uri: &str, text: &str) -> Method<'static, Value> {
    let document = json!({ "uri": uri, "languageId": "shellscript", "version": 1, "text": text });
    Method("textDocument/didOpen", json!({ "textDocument": document }))
}

fn symbols(uri: &str) -> Method<'static, Value> {
    let document = json!({ "textDocument": { "uri": uri } });
    Method("textDocument/documentSymbol", document)
}

#[tokio::test]
async fn two_hundred_calls_at_once_get_their_own_replies() {
    let Some(session) = initialized().await else {
        return;
    };
    let uri = |number| format!("file:///{number}.sh");
    for number in 0..200 {
        let text = format!("f{number}() {{ :; }}\n");
        session
            .server
            .send(&opened(&uri(number), &text))
            .await
            .unwrap();
    }
    let calls = (0..200).map(|number| session.server.send_await::<Value>(&symbols(&uri(number))));
    for (number, reply) in join_all(calls).await.into_iter().enumerate() {
        assert_eq!(reply.unwrap()[0]["name"], format!("f{number}"));
    }
}

#[tokio::test]
async fn its_requests_and_ours_with_the_same_ids_do_not_meet() {
    let Some(mut session) = start() else {
        return;
    };
    let workspace = json!({
        "configuration": true,
        "didChangeConfiguration": { "dynamicRegistration": true },
    });
    let us = json!({
        "processId": null, "rootUri": null, "capabilities": { "workspace": workspace },
    });
    let ready = session
        .server
        .send_await::<Value>(&Method("initialize", us));
    ready.await.unwrap();
    // What it answers with the same, whatever state it is in.
    let item = |label| json!({ "label": label, "data": { "type": "none" } });
    let resolve = |label| Method("completionItem/resolve", item(label));
    // In one flush: it starts to ask when it reads the first, and the last two
    // are pending then.
    let note = session.server.send(&Method("initialized", json!({})));
    let zero = session
        .server
        .send_await::<Value>(&resolve("zero"))
        .with_id(0);
    let one = session
        .server
        .send_await::<Value>(&resolve("one"))
        .with_id(1);
    let calls = async {
        let (note, (zero, one)) = join(note, join(zero, one)).await;
        note.unwrap();
        (zero.unwrap(), one.unwrap())
    };
    let asked = async {
        let mut asked = Vec::new();
        while asked.len() < 2 {
            if let Some(Event::Request(request)) = session.incoming.next().await {
                let text: Value = serde_json::from_slice(&request.frame).unwrap();
                asked.push((text["id"].clone(), answer(request).await));
            }
        }
        asked
    };
    let ((zero, one), asked) = join(calls, asked).await;
    assert_eq!((zero, one), (item("zero"), item("one")));
    let ids: Vec<_> = asked.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(ids, [json!(0), json!(1)]);
    let methods = asked.iter().map(|(_, method)| method.as_str());
    let expected = ["client/registerCapability", "workspace/configuration"];
    assert_eq!(methods.collect::<Vec<_>>(), expected);
}

/// Answers what the server wants to know, and says what that was.
async fn answer(request: Request<Server>) -> String {
    let (asked, responder) = request
        .unpack::<Received>()
        .map_err(|(error, _)| error)
        .unwrap();
    let outcome: Outcome = Ok(match asked.method.as_str() {
        "workspace/configuration" => json!([{}]),
        _ => Value::Null,
    });
    responder.reply(&outcome).await.unwrap();
    asked.method
}

#[tokio::test]
async fn notifications_pass_through() {
    let Some(mut session) = initialized().await else {
        return;
    };
    let uri = "file:///broken.sh";
    session.server.send(&opened(uri, "if\n")).await.unwrap();
    // What it says of the document while nothing is asked.
    let published = loop {
        match session.incoming.next().await {
            Some(Event::Message(frame)) => {
                let note: Received = session.server.unpack(frame).unwrap();
                if note.method == "textDocument/publishDiagnostics" {
                    break note.params::<Value>().unwrap();
                }
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(published["uri"], uri);
}

#[tokio::test]
async fn an_error_reply_fails_its_call_alone() {
    let Some(session) = initialized().await else {
        return;
    };
    let unknown = session
        .server
        .send_await::<Value>(&Method("no/such", json!({})));
    let known = session
        .server
        .send_await::<Value>(&symbols("file:///none.sh"));
    let (unknown, known) = join(unknown, known).await;
    match unknown.unwrap_err() {
        CallError::Unpack(Failure::Remote(error)) => assert_eq!(error.code, -32601),
        other => panic!("{other:?}"),
    }
    known.unwrap();
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_and_its_answer_reaches_nobody() {
    let Some(session) = initialized().await else {
        return;
    };
    let call = session
        .server
        .send_await::<Value>(&symbols("file:///none.sh"));
    stop(session.process);
    assert!(poll_immediate(call).await.is_none());
    signal(session.process, "CONT");
    // It answers in order: what follows is behind the answer to the first.
    let next = session
        .server
        .send_await::<Value>(&symbols("file:///none.sh"));
    next.await.unwrap();
    let stats = session.server.stats();
    assert_eq!((stats.cancelled, stats.late), (1, 1), "{stats:?}");
}

#[tokio::test]
async fn a_reply_after_the_timeout_reaches_nobody_and_is_counted() {
    let Some(session) = initialized().await else {
        return;
    };
    stop(session.process);
    let call = session
        .server
        .send_await::<Value>(&symbols("file:///none.sh"));
    let ended = expired(call.timeout(Duration::from_secs(100))).await;
    assert!(
        matches!(
            ended,
            Err(CallError::Timeout {
                sent: Sent::Yes,
                ..
            })
        ),
        "{ended:?}"
    );
    signal(session.process, "CONT");
    let next = session
        .server
        .send_await::<Value>(&symbols("file:///none.sh"));
    next.await.unwrap();
    let stats = session.server.stats();
    assert_eq!((stats.expired, stats.late), (1, 1), "{stats:?}");
}

#[tokio::test]
async fn every_call_ends_when_the_server_is_killed() {
    let Some(session) = initialized().await else {
        return;
    };
    stop(session.process);
    let calls = (0..10).map(|_| {
        session
            .server
            .send_await::<Value>(&symbols("file:///none.sh"))
    });
    let mut calls = join_all(calls).boxed_local();
    write(&mut calls, 10, || session.server.stats().written).await;
    signal(session.process, "KILL");
    for ended in calls.await {
        match ended.unwrap_err() {
            CallError::Closed { reason, sent, .. } => {
                assert_eq!(sent, Sent::Yes);
                assert!(reason.to_string().contains("signal: 9"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(session.server.in_flight(), 0);
}

/// The example of the protocols crate, with `shellcheck` behind the server.
#[test]
fn the_example_prints_the_diagnostics_of_a_file() {
    let (Some(modules), Some(_)) = (node_modules(), installed("shellcheck")) else {
        return;
    };
    let folder = Folder::new("diagnostics");
    let file = folder.path().join("broken.sh");
    std::fs::write(&file, "if true; then\necho hello\n").unwrap();
    let server = modules.join("bash-language-server/out/cli.js");
    let words = [path(&file), "shellscript", "node", path(&server), "start"];
    let said = Example::start("diagnostics", &words).rest();
    assert!(
        said.contains("line 1: \"Couldn't find 'fi' for this 'if'."),
        "{said}"
    );
    assert!(said.contains("closed by the peer"), "{said}");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}
