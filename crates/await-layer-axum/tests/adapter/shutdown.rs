//! All sockets end with the server.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use await_layer::{Cause, serve as answer};
use await_layer_axum::{Config, Sockets, Upgrade};
use await_layer_tungstenite::connect;
use axum::Router;
use axum::routing::any;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

use crate::closing::said;
use crate::server::{ask, dial, handing_out, serve};

#[tokio::test]
async fn every_open_socket_is_told_and_the_server_ends() {
    let sockets = Sockets::default();
    let (app, mut layers) = handing_out(sockets.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let all = sockets.clone();
    let stopping = async move {
        let _ = stopped.await;
        all.shutdown().await;
    };
    let server = axum::serve(listener, app).with_graceful_shutdown(stopping);
    let server = tokio::spawn(async move { server.await });

    let mut peers = Vec::new();
    let mut held = Vec::new();
    for _ in 0..20 {
        peers.push(dial(address).await);
        held.push(layers.recv().await.unwrap());
    }
    assert_eq!(sockets.open(), 20);
    stop.send(()).unwrap();
    for peer in &mut peers {
        assert_eq!(
            said(peer.next().await.unwrap().unwrap()),
            (1001, String::new())
        );
        assert!(peer.next().await.is_none());
    }
    server.await.unwrap().unwrap();
    assert_eq!(sockets.open(), 0);
    for layer in held {
        assert_eq!(layer.handle().close_reason().unwrap().cause(), Cause::Local);
    }
}

#[tokio::test]
async fn answers_that_are_due_are_given_and_nothing_new_starts() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let work = {
        let (begun, go_on) = (begun.clone(), go_on.clone());
        move |value: Value| {
            let (begun, go_on) = (begun.clone(), go_on.clone());
            async move {
                begun.notify_one();
                go_on.notified().await;
                Ok::<_, Infallible>(value)
            }
        }
    };
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            answer(layer.split().1, 4, work).await;
        })
    };
    let sockets = Sockets::default();
    let app = Router::new().route("/socket", any(handler));
    let address = serve(app.with_state(sockets.clone())).await;
    let url = format!("ws://{address}/socket");
    let client = connect(url, await_layer_tungstenite::Config::default())
        .await
        .unwrap();
    let client = client.handle();
    let stop = async {
        begun.notified().await;
        sockets.begin_shutdown();
        // New sockets are refused while the old ones finish.
        let late = ask(address, "/socket", &[("Host", "x")]).await;
        assert_eq!(
            (late.status, late.body.as_str()),
            (503, "the server is going away: try another one, or later")
        );
        assert_eq!(sockets.open(), 1);
        go_on.notify_one();
        sockets.shutdown().await;
    };
    let work = json!({ "work": 1 });
    let call = client.send_await::<Value>(&work);
    let (reply, reason, ()) = tokio::join!(call, client.closed(), stop);
    assert_eq!(reply.unwrap(), work);
    assert_eq!((reason.cause(), reason.code()), (Cause::Eof, Some(1001)));
}

/// A peer that does not read and a future that never ends.
#[tokio::test]
async fn neither_peers_nor_futures_can_hold_it_up() {
    let mut config = Config::default();
    config.limits.close_timeout = Duration::from_millis(10);
    let sockets = Sockets::new(config).unwrap();
    let (sender, mut guards) = tokio::sync::mpsc::unbounded_channel();
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            let (_layer, (_held, guard)) = (layer, oneshot::channel::<()>());
            sender.send(guard).unwrap();
            pending::<()>().await;
        })
    };
    let app = Router::new().route("/socket", any(handler));
    let address = serve(app.with_state(sockets.clone())).await;
    let _silent = dial(address).await;
    let guard = guards.recv().await.unwrap();
    sockets.shutdown().await;
    assert_eq!(sockets.open(), 0);
    assert!(guard.await.is_err(), "the future was dropped");
}

#[tokio::test]
async fn a_socket_whose_handshake_overlaps_the_end_is_told_too() {
    let sockets = Sockets::default();
    let stopping = sockets.clone();
    let handler = async move |upgrade: Upgrade| {
        // Between the check and the socket.
        stopping.begin_shutdown();
        upgrade.on_upgrade(|_layer| pending())
    };
    let app = Router::new().route("/socket", any(handler));
    let mut peer = dial(serve(app.with_state(sockets)).await).await;
    assert_eq!(said(peer.next().await.unwrap().unwrap()).0, 1001);
}

#[tokio::test]
async fn a_server_without_sockets_ends_at_once() {
    let sockets = Sockets::default();
    sockets.shutdown().await;
    sockets.shutdown().await;
}

/// The server's end drops all `Sockets`; that is no shutdown.
#[tokio::test]
async fn sockets_outlive_a_server_that_does_not_shut_them_down() {
    let (app, mut layers) = handing_out(Sockets::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    let server = tokio::spawn(async move { server.await });
    let mut peer = dial(address).await;
    let handle = layers.recv().await.unwrap().handle();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    let note = json!("still here");
    let (sent, got) = tokio::join!(handle.send(&note), peer.next());
    sent.unwrap();
    assert_eq!(got.unwrap().unwrap().to_text().unwrap(), r#""still here""#);
}
