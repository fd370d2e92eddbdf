//! Over real sockets: a server that is killed and comes back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use await_layer::{Event, Sent, TokioTimer};
use await_layer_reconnect::{Backoff, Config, Connect, Reconnect};
use await_layer_tungstenite as websocket;
use futures::StreamExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::{join, spawn};

/// Dials one address, and says when it failed.
struct Address {
    url: String,
    failed: Arc<Notify>,
    timer: TokioTimer,
}

impl Connect for Address {
    type Link = websocket::Link;
    type Error = websocket::HandshakeError;
    type Dialing = BoxFuture<'static, Result<websocket::Handle, Self::Error>>;
    type Timer = TokioTimer;

    fn dial(&self) -> Self::Dialing {
        let (url, failed) = (self.url.clone(), self.failed.clone());
        Box::pin(async move {
            let connected = websocket::connect(url, websocket::Config::default()).await;
            if connected.is_err() {
                failed.notify_one();
            }
            Ok(connected?.handle())
        })
    }

    fn timer(&self) -> &TokioTimer {
        &self.timer
    }
}

/// What the server was asked, in order.
type Asked = mpsc::UnboundedReceiver<Value>;

/// Answers all but `"hang"`, until it is dropped.
async fn serve(address: SocketAddr) -> (JoinSet<()>, Asked, SocketAddr) {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, questions) = mpsc::unbounded_channel();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let asked = asked.clone();
            connections.spawn(async move {
                let layer = websocket::accept(stream, websocket::Config::default()).await;
                let (handle, mut incoming) = layer.unwrap().split();
                let mut hanging = Vec::new();
                while let Some(event) = incoming.next().await {
                    let Event::Request(request) = event else {
                        continue;
                    };
                    let question: Value = handle.unpack(request.frame).unwrap();
                    asked.send(question.clone()).unwrap();
                    match question["do"] == "hang" {
                        true => hanging.push(request.responder),
                        false => request.responder.reply(&question).await.unwrap(),
                    }
                }
            });
        }
    });
    (server, questions, address)
}

/// Without the id that the wire puts in it.
fn what(question: &Value) -> &str {
    question["do"].as_str().unwrap()
}

#[tokio::test]
async fn a_server_is_killed_and_comes_back_and_the_handle_stays() {
    let (server, mut asked, address) = serve(([127, 0, 0, 1], 0).into()).await;
    let failed = Arc::new(Notify::new());
    let connect = Address {
        url: format!("ws://{address}"),
        failed: failed.clone(),
        timer: TokioTimer::new(),
    };
    let config = Config {
        backoff: Backoff {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(10),
            attempts: u32::MAX,
            ..Backoff::default()
        },
        ..Config::default()
    };
    let reconnect = Reconnect::new(connect, config);
    let keep_up = spawn(reconnect.keep_up());
    let ask = |what| reconnect.send_await::<Value, _>(json!({ "do": what }));
    assert_eq!(what(&ask("echo").await.unwrap()), "echo");
    assert_eq!(what(&asked.recv().await.unwrap()), "echo");

    // Both are with the server when it dies: one may be asked twice.
    let once = ask("hang");
    let twice = ask("hang").repeatable();
    let kill = async {
        for _ in 0..2 {
            assert_eq!(what(&asked.recv().await.unwrap()), "hang");
        }
        drop(server);
        failed.notified().await;
        assert!(reconnect.last_error().is_some());
        // And one waits for it to come back.
        let waits = ask("wait");
        let back = async {
            failed.notified().await;
            let (server, mut asked, _) = serve(address).await;
            let mut again = Vec::new();
            for _ in 0..2 {
                again.push(what(&asked.recv().await.unwrap()).to_owned());
            }
            again.sort_unstable();
            assert_eq!(again, ["hang", "wait"]);
            server
        };
        let (waited, server) = join!(waits, back);
        assert_eq!(what(&waited.unwrap()), "wait");
        reconnect.stop().expect("it is connected");
        drop(server);
    };
    let (once, twice, ()) = join!(once, twice, kill);
    assert_eq!(once.unwrap_err().sent(), Sent::Yes);
    // It was written twice, and there is no third connection.
    assert_eq!(twice.unwrap_err().sent(), Sent::Yes);
    assert_eq!(
        keep_up.await.unwrap().to_string(),
        "reconnecting was stopped"
    );
}
