//! What a handler learns that asks why there is no socket.

use await_layer_axum::{Config, ForbiddenOrigin, Origin, Origins, Rejection, Sockets, Upgrade};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::sync::mpsc;

use crate::server::{ask, serve};

#[tokio::test]
async fn each_request_without_a_socket_has_a_reason_of_its_own() {
    let sockets = Sockets::new(Config {
        subprotocols: vec!["v1".to_owned()],
        ..Config::default()
    });
    let sockets = sockets.unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    let handler = async move |upgrade: Result<Upgrade, Rejection>| -> Response {
        match upgrade {
            Ok(upgrade) => upgrade.on_upgrade(|_| async {}),
            Err(why) => {
                tell.send(why).unwrap();
                "no socket".into_response()
            }
        }
    };
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(sockets.clone());
    let address = serve(app).await;
    let mut asked = async |header| {
        let answer = ask(address, "/socket", &[("Host", "x"), header]).await;
        assert_eq!(answer.body, "no socket");
        told.recv().await.unwrap()
    };
    let why = asked(("Origin", "http://evil.test")).await;
    assert!(matches!(why, Rejection::Origin(_)), "{why:?}");
    let why = asked(("Sec-WebSocket-Protocol", "v2")).await;
    assert!(
        matches!(&why, Rejection::Subprotocol(spoken) if spoken == &["v1"]),
        "{why:?}"
    );
    sockets.shutdown().await;
    let why = asked(("Accept", "*/*")).await;
    assert!(matches!(why, Rejection::GoingAway), "{why:?}");
}

#[tokio::test]
async fn a_request_for_a_page_is_no_request_for_a_socket() {
    let (mut page, ()) = Request::get("/socket").body(()).unwrap().into_parts();
    let why = Upgrade::from_request_parts(&mut page, &Sockets::default()).await;
    assert!(matches!(why, Err(Rejection::NoWebSocket(_))), "{why:?}");
}

#[test]
fn each_page_that_may_not_connect_has_a_reason_of_its_own() {
    let check = |origins: Origins, headers: &[(&str, &str)]| {
        let mut request = Request::get("/socket");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        origins.check(&parts).unwrap_err()
    };
    let host = ("host", "example.com");
    let page = ("origin", "http://evil.test");
    let evil: Origin = "http://evil.test".parse().unwrap();
    let own = "http://example.com".parse().unwrap();
    let null = ("origin", "null");
    let garbled = ("origin", "a b");
    let same = Origins::same_http;
    assert_eq!(
        check(same(), &[host, page]),
        ForbiddenOrigin::Other {
            origin: evil.clone(),
            own
        }
    );
    let why = check(Origins::listed(), &[host, page]);
    assert_eq!(why, ForbiddenOrigin::NotListed(evil));
    assert_eq!(check(same(), &[host, null]), ForbiddenOrigin::Null);
    assert_eq!(check(same(), &[host, garbled]), ForbiddenOrigin::Malformed);
    assert_eq!(
        check(same(), &[host, page, page]),
        ForbiddenOrigin::Malformed
    );
    assert_eq!(check(same(), &[page]), ForbiddenOrigin::NoHost);
}
