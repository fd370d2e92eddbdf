//! How a child ends, and what those who wait hear.

use std::future::Future;
use std::time::Duration;

use await_layer::{CallError, Cause, CloseReason, Event, Limits};
use await_layer_tokio::{Child, Config, Layer, Lines, layer};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::runtime::Builder;

use crate::role::command;

pub(crate) const ALL: [(&str, fn()); 9] = [
    ("answers", || run(answers())),
    ("exit ends it with its code", || run(exit_ends_it())),
    ("its last words are read", || run(last_words_are_read())),
    ("a signal ends it and is named", || run(a_signal_is_named())),
    ("exit before anything is written", || run(exit_at_once())),
    ("an orphan does not keep it open", || run(an_orphan())),
    ("closing waits for the exit", || run(closing_waits())),
    ("closing has a limit, and dropping kills", || {
        run(closing_has_a_limit())
    }),
    ("pipes are asked for", || run(pipes_are_asked_for())),
];

fn run(case: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(case);
}

fn start(role: &str, limits: Limits) -> Layer<Child, Lines> {
    let child = Child::spawn(&mut command(role)).unwrap();
    assert!(child.id().is_some());
    layer(
        child,
        Config {
            limits,
            ..Config::lines()
        },
    )
}

/// What a call to such a child hears.
async fn call(role: &str) -> CloseReason {
    let layer = start(role, Limits::default());
    match layer.send_await::<Value>(&json!({})).await {
        Err(CallError::Closed { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

async fn answers() {
    let layer = start("echo", Limits::default());
    for size in [0, 100, 500_000] {
        let question = json!({ "ask": "x".repeat(size) });
        let reply = layer.send_await::<Value>(&question).await;
        assert_eq!(reply.unwrap(), question);
    }
}

async fn exit_ends_it() {
    for code in [0, 3] {
        let reason = call(&format!("exit {code}")).await;
        assert_eq!(reason.cause(), Cause::Eof);
        assert_eq!(reason.code(), Some(code));
        let said = reason.text();
        assert!(said.starts_with("the child has ended, exit"), "{said}");
    }
}

async fn last_words_are_read() {
    let (handle, mut incoming) = start("exit 3", Limits::default()).split();
    handle.send(&json!("go on")).await.unwrap();
    let Some(Event::Message(frame)) = incoming.next().await else {
        panic!("nothing was said");
    };
    assert_eq!(frame, "\"last words\"");
    assert!(incoming.next().await.is_none());
    assert_eq!(handle.closed().await.code(), Some(3));
}

async fn a_signal_is_named() {
    let reason = call("abort").await;
    assert_eq!(reason.cause(), Cause::Eof);
    if cfg!(unix) {
        assert_eq!(reason.code(), None);
        assert!(reason.text().contains("signal"), "{reason}");
    }
}

/// Whatever fails first, the write or the read.
async fn exit_at_once() {
    for _ in 0..20 {
        let reason = call("exit-at-once 5").await;
        assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(5)));
    }
}

async fn an_orphan() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let role = format!("orphan {address}");
    let (reason, held) = tokio::join!(call(&role), listener.accept());
    assert_eq!(reason.code(), Some(7), "{reason}");
    drop(held);
}

async fn closing_waits() {
    let layer = start("echo", Limits::default());
    let handle = layer.handle();
    let call = handle.send_await::<Value>(&json!({ "last": 1 }));
    let (reply, reason) = tokio::join!(call, handle.close());
    assert_eq!(reply.unwrap(), json!({ "last": 1 }));
    assert_eq!(reason.cause(), Cause::Local);
}

async fn closing_has_a_limit() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = Limits {
        close_timeout: Duration::from_millis(10),
        ..Limits::default()
    };
    let layer = start(&format!("linger {address}"), limits);
    let (mut held, _) = listener.accept().await.unwrap();
    assert_eq!(layer.handle().close().await.cause(), Cause::CloseTimeout);
    // Its end of this is gone only when it is.
    let read = tokio::io::AsyncReadExt::read(&mut held, &mut [0]).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}

async fn pipes_are_asked_for() {
    let mut command: Command = command("exit-at-once 0");
    let child = command.kill_on_drop(true).spawn().unwrap();
    let refused = Child::new(child).unwrap_err();
    assert!(refused.to_string().contains("Stdio::piped()"), "{refused}");
}
