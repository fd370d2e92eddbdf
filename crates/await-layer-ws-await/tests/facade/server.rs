//! The server, over TCP.

use std::io;
use std::sync::Arc;

use await_layer_ws_await::{ConnectError, Event, Settings, WebSocketAwait, WebSocketAwaitServer};
use futures::StreamExt;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::join;
use tokio::net::TcpStream;

async fn bound() -> (Arc<WebSocketAwaitServer>, String) {
    let server = WebSocketAwaitServer::bind("127.0.0.1:0", Settings::new())
        .await
        .unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    (Arc::new(server), url)
}

#[tokio::test]
async fn each_socket_gets_the_settings_of_its_time() {
    let (server, url) = bound().await;
    let dial = || WebSocketAwait::connect(&url, Settings::new());
    let (client, accepted) = join!(dial(), server.accept());
    let (first, mut events) = accepted.unwrap();
    assert!(matches!(events.next().await, Some(Event::Open)));
    server
        .set_settings(Settings::new().with_name_await_id("rid"))
        .unwrap();
    let wrong = server.set_settings(Settings::new().with_name_await_id(""));
    assert_eq!(wrong.unwrap_err().wrong()[0].field, "name_await_id");
    let (_second, accepted) = join!(dial(), server.accept());
    let (second, _) = accepted.unwrap();
    assert_eq!(first.settings().name_await_id(), "awaitId");
    assert_eq!(second.settings().name_await_id(), "rid");
    let (client, mut theirs) = client.unwrap();
    client.send(json!(1)).await.unwrap();
    assert!(matches!(events.next().await, Some(Event::Message(data)) if data == json!(1)));
    join!(client.close(), first.closed());
    let ended = theirs
        .by_ref()
        .any(async |event| matches!(event, Event::Close(_)))
        .await;
    assert!(ended && theirs.next().await.is_none());
}

#[tokio::test]
async fn a_client_that_says_nothing_holds_up_nobody() {
    let (server, url) = bound().await;
    let address = server.local_addr().unwrap();
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut rude = TcpStream::connect(address).await.unwrap();
    rude.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let dialled = WebSocketAwait::connect(&url, Settings::new());
    let (client, accepted) = join!(dialled, server.accept());
    assert!(client.is_ok() && accepted.is_ok());
    // The rude one came before.
    while server.failed_handshakes() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.failed_handshakes(), 1);
}

#[tokio::test]
async fn wrong_settings_are_told_before_anything_listens() {
    let wrong = || Settings::new().with_name_await_id("");
    let refused = WebSocketAwaitServer::bind("127.0.0.1:0", wrong()).await;
    assert!(matches!(refused, Err(ConnectError::Settings(_))));
    let nowhere = WebSocketAwaitServer::bind("256.0.0.1:0", Settings::new()).await;
    assert!(matches!(nowhere, Err(ConnectError::Handshake(_))));
}

/// A socket is open as long as a part of it is held; the last one closes it.
#[tokio::test]
async fn the_connection_ends_with_its_last_owner() -> io::Result<()> {
    let (server, url) = bound().await;
    let dialled = WebSocketAwait::connect(&url, Settings::new());
    let (client, accepted) = join!(dialled, server.accept());
    let ((client, events), (socket, _events)) = (client.unwrap(), accepted?);
    drop(client);
    assert!(futures::poll!(std::pin::pin!(socket.closed())).is_pending());
    drop(events);
    assert_eq!(socket.closed().await.code(), Some(1006));
    Ok(())
}
