//! What a connection and the future that has it do to each other.

use std::convert::Infallible;
use std::sync::Arc;

use await_layer::serve as answer;
use await_layer_axum::{Handle, Sockets, Upgrade};
use await_layer_tungstenite::{Config, connect};
use axum::Router;
use axum::routing::any;
use futures::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use crate::closing::said;
use crate::server::{dial, serve};

/// Both ends ask, and answer what they are asked.
#[tokio::test]
async fn both_directions() {
    async fn talk(handle: Handle) -> Value {
        let asked = (0..100).map(|number| json!({ "server": number }));
        let asked: Vec<_> = asked.collect();
        let calls = asked.iter().map(|ask| handle.send_await::<Value>(ask));
        let replies = futures::future::try_join_all(calls).await.unwrap();
        json!(replies)
    }
    let (sender, mut learned) = mpsc::unbounded_channel();
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            let (handle, incoming) = layer.split();
            let echo = async |value: Value| Ok::<_, Infallible>(json!({ "server heard": value }));
            let (learned, _) = tokio::join!(talk(handle), answer(incoming, 64, echo));
            sender.send(learned).unwrap();
        })
    };
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(Sockets::default());
    let url = format!("ws://{}/socket", serve(app).await);

    let (client, incoming) = connect(url, Config::default()).await.unwrap().split();
    let (told, mut all_asked) = oneshot::channel::<()>();
    let told = std::sync::Mutex::new((0, Some(told)));
    let echo = async |value: Value| {
        let mut told = told.lock().unwrap();
        told.0 += 1;
        if told.0 == 100 {
            drop(told.1.take());
        }
        Ok::<_, Infallible>(json!({ "client heard": value }))
    };
    let session = async {
        for number in 0..100 {
            let ask = json!({ "client": number });
            let reply: Value = client.send_await(&ask).await.unwrap();
            assert_eq!(reply, json!({ "server heard": ask }));
        }
        let _ = (&mut all_asked).await;
        client.close().await
    };
    let (reason, _) = tokio::join!(session, answer(incoming, 64, echo));
    assert_eq!(reason.cause(), await_layer::Cause::Local);
    let heard = (0..100).map(|number| json!({ "client heard": { "server": number } }));
    assert_eq!(learned.recv().await.unwrap(), heard.collect::<Value>());
}

#[tokio::test]
async fn the_connection_is_closed_well_when_its_future_is_ready() {
    let handler = async |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            // Queued, and nobody waits.
            layer
                .handle()
                .try_send(&json!({ "last": "words" }))
                .unwrap();
        })
    };
    let sockets = Sockets::default();
    let app = Router::new().route("/socket", any(handler));
    let mut peer = dial(serve(app.with_state(sockets.clone())).await).await;
    let words = peer.next().await.unwrap().unwrap();
    assert_eq!(words.to_text().unwrap(), r#"{"last":"words"}"#);
    assert_eq!(
        said(peer.next().await.unwrap().unwrap()),
        (1000, String::new())
    );
    assert!(peer.next().await.is_none());
}

#[tokio::test]
async fn handles_that_outlive_the_future_find_the_connection_closed() {
    let (sender, mut handles) = mpsc::unbounded_channel::<Handle>();
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            sender.send(layer.handle()).unwrap();
        })
    };
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(Sockets::default());
    let mut peer = dial(serve(app).await).await;
    assert_eq!(said(peer.next().await.unwrap().unwrap()).0, 1000);
    assert!(peer.next().await.is_none());
    let handle = handles.recv().await.unwrap();
    assert_eq!(handle.closed().await.cause(), await_layer::Cause::Local);
}

/// As when a handler asks a database who this is.
#[tokio::test]
async fn requests_that_come_before_the_layer_is_used_wait() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let held = (begun.clone(), go_on.clone());
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            held.0.notify_one();
            held.1.notified().await;
            let echo = async |value: Value| Ok::<_, Infallible>(value);
            answer(layer.split().1, 4, echo).await;
        })
    };
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(Sockets::default());
    let mut peer = dial(serve(app).await).await;
    begun.notified().await;
    let request = Message::text(r#"{"awaitId":"_1","a":1}"#);
    peer.send(request.clone()).await.unwrap();
    // It is there, and the server's task has had its chance to read it.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    go_on.notify_one();
    assert_eq!(peer.next().await.unwrap().unwrap(), request);
}

/// The panic hook prints, the server lives.
#[tokio::test]
async fn a_future_that_panics_tells_its_peer_and_harms_nobody_else() {
    let handler = async |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            let (_handle, mut incoming) = layer.split();
            incoming.next().await;
            panic!("this panic is a test's");
        })
    };
    let sockets = Sockets::default();
    let app = Router::new().route("/socket", any(handler));
    let address = serve(app.with_state(sockets.clone())).await;
    let (mut one, mut other) = (dial(address).await, dial(address).await);
    one.send(Message::text("go")).await.unwrap();
    assert_eq!(
        said(one.next().await.unwrap().unwrap()),
        (1011, String::new())
    );
    assert!(one.next().await.is_none());
    assert!(other.next().now_or_never().is_none(), "the other one lives");
    drop(other);
    sockets.shutdown().await;
    assert_eq!(sockets.open(), 0, "a panic keeps no count");
}

#[tokio::test]
async fn the_future_may_clean_up_after_the_end() {
    let (sender, mut cleaned) = mpsc::unbounded_channel();
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            let reason = layer.handle().closed().await;
            tokio::task::yield_now().await;
            sender.send(reason).unwrap();
        })
    };
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(Sockets::default());
    let mut peer = dial(serve(app).await).await;
    peer.close(None).await.unwrap();
    assert_eq!(cleaned.recv().await.unwrap().code(), Some(1005));
}
