//! Cases 20 to 23: `setAwaitTimeout`.

use std::time::Duration;

use await_layer_ws_await::{Settings, WebSocketAwaitServer};

use crate::pair::{pair, pair_with};

const LONG: Duration = Duration::from_millis(5555);

/// As at the original it counts for later sockets only.
#[tokio::test]
async fn case_20_the_server_stores_the_timeout_for_later_sockets() {
    let server = WebSocketAwaitServer::bind("127.0.0.1:0", Settings::new())
        .await
        .unwrap();
    let (_client, before) = pair_with(Settings::new(), &server).await;
    server.set_await_timeout(LONG).unwrap();
    assert_eq!(server.settings().await_timeout(), LONG);
    let (_client, after) = pair_with(Settings::new(), &server).await;
    assert_eq!(
        before.socket.settings().await_timeout(),
        Duration::from_secs(10)
    );
    assert_eq!(after.socket.settings().await_timeout(), LONG);
}

/// `'5555'` is no `Duration`: what is left to refuse is zero, and more than the
/// timers of JavaScript count.
#[tokio::test]
async fn case_21_the_server_refuses_a_wrong_timeout() {
    let server = WebSocketAwaitServer::bind("127.0.0.1:0", Settings::new())
        .await
        .unwrap();
    let zero = server.set_await_timeout(Duration::ZERO).unwrap_err();
    assert_eq!(zero.wrong()[0].field, "await_timeout");
    let huge = server
        .set_await_timeout(Duration::from_millis(1 << 31))
        .unwrap_err();
    assert!(huge.to_string().contains("at most 2147483647 ms"), "{huge}");
    assert_eq!(server.settings().await_timeout(), Duration::from_secs(10));
}

#[tokio::test]
async fn case_22_a_socket_stores_the_timeout() {
    let (client, _server) = pair(Settings::new(), Settings::new()).await;
    client.socket.set_await_timeout(LONG).unwrap();
    assert_eq!(client.socket.settings().await_timeout(), LONG);
    client.socket.set_await_timeout(Duration::MAX).unwrap();
    assert_eq!(client.socket.settings().await_timeout(), Duration::MAX);
}

/// As at case 21.
#[tokio::test]
async fn case_23_a_socket_refuses_a_wrong_timeout() {
    let (client, _server) = pair(Settings::new(), Settings::new()).await;
    for wrong in [Duration::ZERO, Duration::from_millis(1 << 31)] {
        let error = client.socket.set_await_timeout(wrong).unwrap_err();
        assert_eq!(error.wrong()[0].field, "await_timeout");
    }
    assert_eq!(
        client.socket.settings().await_timeout(),
        Duration::from_secs(10)
    );
}
