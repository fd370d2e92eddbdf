//! PyPI's debugpy 1.8.22: DAP over the stdio of a child process.

use std::path::{Path, PathBuf};
use std::time::Duration;

use await_layer::{CallError, Event, Request, Sent};
use await_layer_protocols::dap::{Command, Dap, Failure, Happened, Outcome, Received};
use await_layer_tokio::{Call, Child, Config, ContentLength, Handle, Incoming, Link, layer};
use bytes::Bytes;
use futures::future::{join, join_all};
use futures::{FutureExt, StreamExt};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::process;
use tokio::task::JoinHandle;

use crate::programs::{Folder, expired, patient, python_with_debugpy, write};
use crate::signals::{signal, stop};

type Adapter = Link<Child, ContentLength, Dap<Bytes>>;

type Reply = Result<Value, CallError<Bytes, Failure>>;

struct Session {
    adapter: Handle<Adapter>,
    incoming: Incoming<Adapter>,
    process: u32,
    python: PathBuf,
    script: PathBuf,
    _folder: Folder,
}

impl Session {
    /// An adapter that knows of us, and a script for it to debug.
    async fn start(name: &str) -> Option<Self> {
        let python = python_with_debugpy()?;
        let folder = Folder::new(name);
        let script = folder.path().join("script.py");
        let text = "for number in range(5): print(number)\n".to_owned() + &"pass\n".repeat(199);
        std::fs::write(&script, text).unwrap();
        let mut command = process::Command::new(&python);
        let child = Child::spawn(command.args(["-m", "debugpy.adapter"])).unwrap();
        let process = child.id().unwrap();
        let mut config = Config::new(ContentLength::new(), Dap::new());
        config.limits = patient();
        let (adapter, incoming) = layer(child, config).split();
        let us = json!({ "adapterID": "us", "supportsRunInTerminalRequest": true });
        let able: Value = adapter
            .send_await(&Command("initialize", us))
            .await
            .unwrap();
        assert_eq!(able["supportsConfigurationDoneRequest"], true);
        Some(Self {
            adapter,
            incoming,
            process,
            python,
            script,
            _folder: folder,
        })
    }

    /// The next event with this name; others are passed over.
    async fn event(&mut self, name: &str) -> Value {
        loop {
            match self.incoming.next().await {
                Some(Event::Message(frame)) => {
                    let happened: Happened = self.adapter.unpack(frame).unwrap();
                    if happened.event == name {
                        return happened.body;
                    }
                }
                other => panic!("{other:?} instead of {name}"),
            }
        }
    }

    async fn request(&mut self) -> Request<Adapter> {
        loop {
            match self.incoming.next().await {
                Some(Event::Request(request)) => return request,
                Some(Event::Message(_)) => {}
                other => panic!("{other:?} instead of a request"),
            }
        }
    }

    /// Asks for the script to be started. The reply comes once it runs, which
    /// is after `configurationDone`; until then it is pending.
    async fn launched(&mut self, console: &str) -> JoinHandle<Reply> {
        let arguments = json!({
            "program": path(&self.script), "console": console, "python": [path(&self.python)],
        });
        // A task: whoever is elected to drive must be polled.
        tokio::spawn(self.call("launch", arguments).timeout(Duration::MAX))
    }

    fn written(&self) -> u64 {
        self.adapter.stats().written
    }

    /// Lets the script run.
    async fn run(&self, launch: JoinHandle<Reply>) {
        let done = self.call("configurationDone", ());
        let (launch, done) = join(launch, done).await;
        launch.unwrap().unwrap();
        done.unwrap();
    }

    fn call(&self, command: &str, arguments: impl Serialize) -> Call<Value, Adapter> {
        self.adapter.send_await(&Command(command, arguments))
    }

    /// A call whose reply repeats its `line`.
    fn breakpoint(&self, line: usize) -> Call<Value, Adapter> {
        let script = json!({ "path": path(&self.script) });
        let lines = json!([{ "line": line }]);
        self.call(
            "setBreakpoints",
            json!({ "source": script, "breakpoints": lines }),
        )
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths of tests are text")
}

/// The line that a reply repeats.
fn line(reply: &Value) -> &Value {
    &reply["breakpoints"][0]["line"]
}

#[tokio::test]
async fn replies_come_out_of_order_and_events_in_order() {
    let Some(mut session) = Session::start("debugpy-order").await else {
        return;
    };
    let launch = session.launched("internalConsole").await;
    session.event("initialized").await;
    let nonsense = session.call("nonsense", ());
    match nonsense.await.unwrap_err() {
        CallError::Unpack(Failure::Remote(error)) => assert!(!error.message.is_empty()),
        other => panic!("{other:?}"),
    }
    // It was asked first, and waits for this one.
    assert!(!launch.is_finished());
    session.run(launch).await;
    let mut said = String::new();
    while !said.ends_with("4\n") {
        let output = session.event("output").await;
        if output["category"] == "stdout" {
            said += output["output"].as_str().unwrap();
        }
    }
    assert_eq!(said, "0\n1\n2\n3\n4\n");
}

#[tokio::test]
async fn its_request_is_answered_while_ours_with_the_same_number_is_pending() {
    let Some(mut session) = Session::start("debugpy-reverse").await else {
        return;
    };
    let launch = session.launched("integratedTerminal").await;
    let request = session.request().await;
    let text: Value = serde_json::from_slice(&request.frame).unwrap();
    let number = text["seq"].as_i64().unwrap();
    let (asked, responder) = request
        .unpack::<Received>()
        .map_err(|(error, _)| error)
        .unwrap();
    assert_eq!(asked.command, "runInTerminal");
    let arguments: Value = asked.arguments().unwrap();

    let ours = session
        .adapter
        .send_await::<Value>(&Command("nonsense", ()));
    stop(session.process);
    let mut ours = Box::pin(ours.with_id(number));
    write(&mut ours, 1, || session.written()).await;
    let words: Vec<String> = serde_json::from_value(arguments["args"].clone()).unwrap();
    let mut terminal = process::Command::new(&words[0]);
    terminal.args(&words[1..]).kill_on_drop(true);
    for (name, value) in arguments["env"].as_object().into_iter().flatten() {
        terminal.env(name, value.as_str().unwrap_or_default());
    }
    let debuggee = terminal
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let started: Outcome = Ok(json!({ "processId": debuggee.id() }));
    let reply = responder.reply(&started);
    signal(session.process, "CONT");
    let (ours, replied) = join(ours, reply).await;
    replied.unwrap();
    let failed = matches!(ours.unwrap_err(), CallError::Unpack(Failure::Remote(_)));
    assert!(failed);

    session.event("initialized").await;
    session.run(launch).await;
    session.event("terminated").await;
}

#[tokio::test]
async fn two_hundred_calls_at_once_get_their_own_replies() {
    let Some(mut session) = Session::start("debugpy-many").await else {
        return;
    };
    let _launch = session.launched("internalConsole").await;
    session.event("initialized").await;
    let replies = join_all((1..=200).map(|line| session.breakpoint(line))).await;
    for (reply, expected) in replies.into_iter().zip(1..=200) {
        assert_eq!(line(&reply.unwrap()), &json!(expected));
    }
}

/// It says nothing of `supportsCancelRequest`, and handles no request any more
/// once it got a `cancel`: so it gets none.
#[tokio::test]
async fn a_call_that_is_dropped_is_not_cancelled_where_that_is_not_known() {
    let Some(mut session) = Session::start("debugpy-cancel").await else {
        return;
    };
    let _launch = session.launched("internalConsole").await;
    session.event("initialized").await;
    stop(session.process);
    let mut call = Box::pin(session.breakpoint(1));
    write(&mut call, 1, || session.written()).await;
    drop(call);
    signal(session.process, "CONT");
    assert_eq!(line(&session.breakpoint(2).await.unwrap()), &json!(2));
    let stats = session.adapter.stats();
    // A number does not tell that it was ours: late is unknown here.
    assert_eq!((stats.cancelled, stats.unknown), (1, 1), "{stats:?}");
}

#[tokio::test]
async fn a_reply_after_the_timeout_reaches_nobody_and_is_counted() {
    let Some(mut session) = Session::start("debugpy-late").await else {
        return;
    };
    let _launch = session.launched("internalConsole").await;
    session.event("initialized").await;
    stop(session.process);
    let mut call = Box::pin(session.breakpoint(1).timeout(Duration::from_secs(100)));
    write(&mut call, 1, || session.written()).await;
    let ended = expired(call).await;
    assert!(matches!(ended, Err(CallError::Timeout { .. })), "{ended:?}");
    signal(session.process, "CONT");
    assert_eq!(line(&session.breakpoint(2).await.unwrap()), &json!(2));
    let stats = session.adapter.stats();
    assert_eq!((stats.expired, stats.unknown), (1, 1), "{stats:?}");
}

#[tokio::test]
async fn every_call_ends_when_the_adapter_is_killed() {
    let Some(session) = Session::start("debugpy-kill").await else {
        return;
    };
    stop(session.process);
    let calls = (0..10).map(|_| {
        session
            .adapter
            .send_await::<Value>(&Command("nonsense", ()))
    });
    let mut calls = join_all(calls).boxed_local();
    write(&mut calls, 10, || session.written()).await;
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
}
