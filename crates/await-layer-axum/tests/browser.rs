//! A page in headless Chromium: it calls the server and is called, and a page
//! of another origin cannot.
//!
//! Without Chromium the tests say that they were skipped, and fail where
//! `CI=true`.

use std::convert::Infallible;
use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use await_layer_axum::{Handle, Sockets, Upgrade};
use axum::Router;
use axum::extract::{Path as Segment, Request};
use axum::http::header::{COOKIE, ORIGIN, SET_COOKIE};
use axum::middleware::{Next, from_fn};
use axum::response::Html;
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Only a test that hangs reaches it.
const DEADLINE: Duration = Duration::from_secs(60);

const PAGE: &str = include_str!("../examples/page.html");

/// Opens a page, in a browser that is killed on drop; `None` without Chromium.
fn open(name: &str, address: SocketAddr) -> Option<Child> {
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&profile);
    for browser in ["chromium", "chromium-browser", "google-chrome"] {
        let started = Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("http://{address}/"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        match started {
            Ok(child) => return Some(child),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => panic!("{browser} does not start: {error}"),
        }
    }
    if env::var_os("CI").as_deref() == Some(OsStr::new("true")) {
        panic!("the browser test cannot run: there is no chromium in the PATH");
    }
    // Not `eprintln!`, which the test runner hides when a test passes.
    let _ = writeln!(
        io::stderr(),
        "SKIPPED: the browser test: there is no chromium"
    );
    None
}

async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

async fn next<T>(events: &mut mpsc::UnboundedReceiver<T>) -> T {
    let event = timeout(DEADLINE, events.recv()).await;
    event
        .expect("the browser does nothing")
        .expect("the server is gone")
}

#[test]
fn the_script_of_the_page_has_forty_lines_at_most() {
    let (_, script) = PAGE.split_once("<script>\n").unwrap();
    let (script, _) = script.split_once("</script>").unwrap();
    assert!(script.lines().count() <= 40, "{}", script.lines().count());
}

#[tokio::test]
async fn a_page_calls_the_server_and_answers_it() {
    let (asked, mut questions) = mpsc::unbounded_channel::<Value>();
    let (opened, mut handles) = mpsc::unbounded_channel::<Handle>();
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            let (handle, incoming) = layer.split();
            opened.send(handle).unwrap();
            let answer = move |question: Value| {
                let square = question["square"].as_i64().map(|number| number * number);
                asked.send(question).unwrap();
                async move { Ok::<_, Infallible>(json!({ "is": square })) }
            };
            await_layer::serve(incoming, 16, answer).await;
        })
    };
    let app = Router::new()
        .route("/", get(Html(PAGE)))
        .route("/socket", any(handler))
        .with_state(Sockets::default());
    let address = serve(app).await;
    let Some(_browser) = open("page", address) else {
        return;
    };

    assert_eq!(next(&mut questions).await, json!({ "square": 7 }));
    let handle = next(&mut handles).await;
    let calls = (0..100).map(|number| json!({ "ask": number }));
    let calls: Vec<_> = calls.collect();
    let replies = handle.send_await_all::<Value, _>(&calls).await;
    for reply in replies {
        let reply = reply.unwrap();
        // It stands behind the answer to the page's own question.
        assert_eq!(reply["shows"], "49");
        assert!(
            reply["name"].as_str().unwrap().contains("Chrome"),
            "{reply}"
        );
    }
    assert_eq!(handle.close_reason(), None);
}

/// Cross-site WebSocket hijacking: the attacker's page opens a socket to a
/// server that knows its visitor by a cookie.
#[tokio::test]
async fn a_page_of_another_origin_gets_no_socket_though_it_has_the_cookie() {
    let (seen, mut requests) = mpsc::unbounded_channel();
    let watch = move |request: Request, next: Next| {
        let header = |name| Some(request.headers().get(name)?.to_str().unwrap().to_owned());
        let (cookie, origin) = (header(COOKIE), header(ORIGIN));
        let seen = seen.clone();
        async move {
            let response = next.run(request).await;
            let status = response.status().as_u16();
            seen.send((cookie, origin, status)).unwrap();
            response
        }
    };
    let (ran, mut runs) = mpsc::unbounded_channel::<()>();
    let handler = async move |upgrade: Upgrade| {
        ran.send(()).unwrap();
        upgrade.on_upgrade(|_| async {})
    };
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(Sockets::default());
    let victim = serve(app.layer(from_fn(watch))).await;

    // Cookies do not keep ports apart, origins do.
    let attack = format!(
        "<script>
        const socket = new WebSocket('ws://{victim}/socket');
        socket.onopen = () => fetch('/outcome/opened');
        socket.onerror = () => fetch('/outcome/refused');
        </script>"
    );
    let cookie = [(SET_COOKIE, "session=s3cret; HttpOnly; Path=/")];
    let (told, mut outcomes) = mpsc::unbounded_channel();
    let outcome = async move |Segment(outcome): Segment<String>| told.send(outcome).unwrap();
    let app = Router::new()
        .route("/", get((cookie, Html(attack))))
        .route("/outcome/{outcome}", get(outcome));
    let attacker = serve(app).await;
    let Some(_browser) = open("attack", attacker) else {
        return;
    };

    assert_eq!(next(&mut outcomes).await, "refused");
    let (cookie, origin, status) = next(&mut requests).await;
    assert_eq!(cookie.as_deref(), Some("session=s3cret"));
    assert_eq!(origin, Some(format!("http://{attacker}")));
    assert_eq!(status, 403);
    assert!(runs.try_recv().is_err(), "the handler ran");
}
