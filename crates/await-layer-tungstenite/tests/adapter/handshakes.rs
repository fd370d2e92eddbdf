//! Connections that never begin.

use await_layer_tungstenite::{Config, HandshakeError, accept, connect, connect_on};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn addresses_that_are_none_say_so() {
    for url in ["http://127.0.0.1:1", "ws://", "/path", "not a URL"] {
        let error = connect(url, Config::default()).await.expect_err(url);
        let address = matches!(error, HandshakeError::Address(_));
        assert!(address, "{url}: {error:?}");
    }
    #[cfg(not(any(feature = "rustls-tls", feature = "native-tls")))]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("wss://{}", listener.local_addr().unwrap());
        let result = connect(url, Config::default()).await;
        let error = result.expect_err("there is no TLS");
        assert!(matches!(error, HandshakeError::Address(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_a_network_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let result = connect(url, Config::default()).await;
    assert!(matches!(result, Err(HandshakeError::Network(_))));
}

#[tokio::test]
async fn a_server_that_refuses_is_quoted_with_its_status() {
    let (here, mut there) = duplex(4096);
    let refuse = async {
        let mut request = [0; 1024];
        let _ = there.read(&mut request).await.unwrap();
        let response = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        there.write_all(response).await.unwrap();
        there
    };
    let dialled = connect_on(here, "ws://localhost/", Config::default());
    let (result, _there) = tokio::join!(dialled, refuse);
    assert!(matches!(result, Err(HandshakeError::Rejected(403))));
}

#[tokio::test]
async fn a_client_that_is_no_websocket_is_turned_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let result = accept(stream, Config::default()).await;
    let error = result.expect_err("it is plain HTTP");
    assert!(matches!(error, HandshakeError::Protocol(_)), "{error:?}");
}
