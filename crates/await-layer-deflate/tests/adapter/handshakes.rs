//! Connections that never begin, and what those that begin agree on.

use await_layer::DefaultTimer;
use await_layer_deflate::tungstenite::http::{Response, StatusCode};
use await_layer_deflate::{
    Agreed, Config, Deflate, HandshakeError, WebSocket, accept, connect, connect_on,
};
use futures::join;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_util::compat::TokioAsyncReadCompatExt;

#[tokio::test]
async fn addresses_that_are_none_say_so() {
    for (url, why) in [
        ("http://127.0.0.1:1", "ws://"),
        ("wss://127.0.0.1:1", "connect_on"),
        ("/path", ""),
        ("not a URL", "invalid uri"),
    ] {
        let error = connect(url, Config::default()).await.expect_err(url);
        assert!(matches!(error, HandshakeError::Address(_)), "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
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

/// What a client makes of this answer.
async fn answered(response: impl AsRef<[u8]>) -> HandshakeError {
    let (here, mut there) = duplex(1 << 17);
    let answer = async {
        let mut request = [0; 1024];
        let _ = there.read(&mut request).await.unwrap();
        there.write_all(response.as_ref()).await.unwrap();
        there
    };
    let timer = DefaultTimer::default();
    let dialled = connect_on(here.compat(), "ws://localhost/", Config::default(), timer);
    let (result, _there) = join!(dialled, answer);
    result.expect_err("it is no good answer")
}

#[tokio::test]
async fn a_server_that_refuses_is_quoted_with_its_status() {
    let error = answered("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    assert!(matches!(error, HandshakeError::Rejected(403)));
}

#[tokio::test]
async fn a_header_without_end_is_refused_before_it_takes_much() {
    let error = answered([b"HTTP/1.1 101 Ok\r\nx: ", &[b'y'; 20_000][..]].concat()).await;
    assert!(matches!(error, HandshakeError::Protocol(_)), "{error:?}");
}

#[tokio::test]
async fn an_answer_with_a_wrong_key_is_no_websocket() {
    let error = answered(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
         sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    )
    .await;
    assert!(matches!(error, HandshakeError::Protocol(_)), "{error:?}");
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

#[tokio::test]
async fn a_level_that_does_not_exist_is_refused_and_named() {
    let (here, _there) = duplex(10);
    let deflate = Deflate {
        level: 10,
        ..Deflate::default()
    };
    let config = Config {
        deflate: Some(deflate),
        ..Config::default()
    };
    let result = WebSocket::client(here.compat(), "ws://localhost/", &config).await;
    let Err(HandshakeError::Config(why)) = result else {
        panic!("accepted");
    };
    assert!(why.contains("deflate.level"));
}

#[tokio::test]
async fn what_both_ends_allow_is_agreed_on() {
    let wants = |own_context, peer_context| {
        Some(Deflate {
            own_context,
            peer_context,
            ..Deflate::default()
        })
    };
    for (client, server, agreed) in [
        (None, None, None),
        (None, wants(true, true), None),
        (wants(true, true), None, None),
        (wants(true, true), wants(true, true), Some((true, true))),
        (wants(false, true), wants(true, true), Some((false, true))),
        (wants(true, false), wants(true, true), Some((true, false))),
        (wants(true, true), wants(false, true), Some((true, false))),
        (wants(true, true), wants(true, false), Some((false, true))),
    ] {
        let (here, there) = duplex(1 << 16);
        let config = |deflate| Config {
            deflate,
            ..Config::default()
        };
        let (asking, asked) = (config(client), config(server));
        let one = WebSocket::client(here.compat(), "ws://localhost/", &asking);
        let other = WebSocket::server(there.compat(), &asked, |_, _| Ok(()));
        let (one, other) = join!(one, other);
        let of_client = agreed.map(|(own_context, peer_context)| Agreed {
            own_context,
            peer_context,
        });
        let of_server = agreed.map(|(peer_context, own_context)| Agreed {
            own_context,
            peer_context,
        });
        assert_eq!(one.unwrap().0.agreed(), of_client, "{client:?} {server:?}");
        assert_eq!(other.unwrap().agreed(), of_server, "{client:?} {server:?}");
    }
}

#[tokio::test]
async fn the_server_may_look_at_the_request_and_refuse_it() {
    let (here, there) = duplex(1 << 16);
    let config = Config::default();
    let one = WebSocket::client(here.compat(), "ws://localhost/secret", &config);
    let other = WebSocket::server(there.compat(), &config, |request, _| {
        assert_eq!(request.uri().path(), "/secret");
        let mut response = Response::new(Some("no".to_owned()));
        *response.status_mut() = StatusCode::FORBIDDEN;
        Err(Box::new(response))
    });
    let (one, other) = join!(one, other);
    assert!(matches!(one, Err(HandshakeError::Rejected(403))));
    assert!(matches!(other, Err(HandshakeError::Refused(403))));
}

#[tokio::test]
async fn a_subprotocol_must_be_one_that_was_offered() {
    for (offered, chosen, fits) in [
        (None, None, true),
        (Some("a, b"), Some("b"), true),
        (Some("a, b"), Some("c"), false),
        (Some("a"), None, false),
        (None, Some("a"), false),
    ] {
        let (here, there) = duplex(1 << 16);
        let config = Config::default();
        let mut request = "ws://localhost/".into_client_request().unwrap();
        if let Some(offered) = offered {
            let headers = request.headers_mut();
            headers.insert("sec-websocket-protocol", offered.parse().unwrap());
        }
        let one = WebSocket::client(here.compat(), request, &config);
        let other = WebSocket::server(there.compat(), &config, |_, response| {
            if let Some(chosen) = chosen {
                let headers = response.headers_mut();
                headers.insert("sec-websocket-protocol", chosen.parse().unwrap());
            }
            Ok(())
        });
        let (one, other) = join!(one, other);
        assert_eq!(one.is_ok(), fits, "{offered:?} {chosen:?}");
        assert!(other.is_ok());
    }
}

#[tokio::test]
async fn an_extension_that_was_not_offered_is_refused_and_named() {
    for (deflate, chosen) in [
        (None, "permessage-deflate"),
        (Some(Deflate::default()), "permessage-bzip2"),
    ] {
        let (here, there) = duplex(1 << 16);
        let config = |deflate| Config {
            deflate,
            ..Config::default()
        };
        let (asking, asked) = (config(deflate), config(None));
        let one = WebSocket::client(here.compat(), "ws://localhost/", &asking);
        let other = WebSocket::server(there.compat(), &asked, |_, response| {
            let headers = response.headers_mut();
            headers.insert("sec-websocket-extensions", chosen.parse().unwrap());
            Ok(())
        });
        let (one, _other) = join!(one, other);
        let Err(HandshakeError::Extension(why)) = one else {
            panic!("{chosen} is taken");
        };
        assert!(why.contains("not offered"), "{why}");
    }
}
