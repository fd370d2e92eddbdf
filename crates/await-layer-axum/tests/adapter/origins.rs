//! Which pages may connect: the matrix, over real requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use await_layer_axum::{Config, ForbiddenOrigin, InvalidOrigin, Origin, Origins, Sockets, Upgrade};
use axum::Router;
use axum::http::Request;
use axum::routing::any;

use crate::server::{Answer, ask, serve};

/// `Host`, the `Origin` headers, and whether there is a socket.
type Row<'a> = (&'a str, &'a [&'a str], bool);

/// What the server answers to each row, and that the handler ran or did not.
async fn check(origins: Origins, rows: &[Row<'_>]) {
    let config = Config {
        origins,
        ..Config::default()
    };
    let ran = Arc::new(AtomicUsize::new(0));
    let counter = ran.clone();
    let handler = async move |upgrade: Upgrade| {
        counter.fetch_add(1, Ordering::SeqCst);
        upgrade.on_upgrade(|_| async {})
    };
    let app = Router::new()
        .route("/socket", any(handler))
        .with_state(Sockets::new(config).unwrap());
    let address = serve(app).await;
    for row @ (host, origins, allowed) in rows {
        let mut headers = vec![("Host", *host)];
        headers.extend(origins.iter().map(|origin| ("Origin", *origin)));
        let before = ran.load(Ordering::SeqCst);
        let answer = ask(address, "/socket", &headers).await;
        let runs = ran.load(Ordering::SeqCst) - before;
        if *allowed {
            assert_eq!((answer.status, runs), (101, 1), "{row:?}: {answer:?}");
        } else {
            assert_eq!((answer.status, runs), (403, 0), "{row:?}: {answer:?}");
            assert!(answer.body.contains("Origin") || answer.body.contains("may"));
        }
    }
}

/// The default.
#[tokio::test]
async fn only_pages_of_the_same_origin_connect() {
    let rows: [Row<'_>; 44] = [
        // The same.
        ("example.com", &["http://example.com"], true),
        ("example.com", &["http://example.com:80"], true),
        ("example.com:80", &["http://example.com"], true),
        ("example.com:8080", &["http://example.com:8080"], true),
        ("127.0.0.1:8080", &["http://127.0.0.1:8080"], true),
        // No browser.
        ("example.com", &[], true),
        // Another host.
        ("example.com", &["http://evil.test"], false),
        ("example.com", &["http://www.example.com"], false),
        ("www.example.com", &["http://example.com"], false),
        ("127.0.0.1", &["http://localhost"], false),
        // Another port.
        ("example.com:8080", &["http://example.com"], false),
        ("example.com", &["http://example.com:8080"], false),
        ("example.com:8080", &["http://example.com:8081"], false),
        ("example.com", &["http://example.com:65616"], false),
        ("example.com", &["http://example.com:+80"], false),
        ("example.com", &["http://example.com:"], false),
        // Another scheme.
        ("example.com", &["https://example.com"], false),
        ("example.com", &["https://example.com:80"], false),
        ("example.com", &["ws://example.com"], false),
        ("example.com", &["chrome-extension://example.com"], false),
        // No origin.
        ("example.com", &["null"], false),
        ("example.com", &["NULL"], false),
        ("example.com", &["file://"], false),
        ("example.com", &["example.com"], false),
        ("example.com", &[""], false),
        // More than one.
        (
            "example.com",
            &["http://example.com", "http://evil.test"],
            false,
        ),
        (
            "example.com",
            &["http://example.com", "http://example.com"],
            false,
        ),
        (
            "example.com",
            &["http://example.com http://evil.test"],
            false,
        ),
        (
            "example.com",
            &["http://example.com, http://evil.test"],
            false,
        ),
        // Case.
        ("example.com", &["HTTP://Example.COM"], true),
        ("EXAMPLE.com", &["http://example.com"], true),
        // A dot at the end is another host.
        ("example.com", &["http://example.com."], false),
        ("example.com.", &["http://example.com"], false),
        ("example.com.", &["http://example.com."], true),
        // What only looks like it.
        ("example.com", &["http://example.com.evil.test"], false),
        ("example.com", &["http://evilexample.com"], false),
        ("example.com", &["http://example.com/"], false),
        ("example.com", &["http://example.com@evil.test"], false),
        ("example.com", &["http://evil@example.com"], false),
        // IPv6.
        ("[::1]:3000", &["http://[::1]:3000"], true),
        ("[::1]", &["http://[0:0:0:0:0:0:0:1]"], true),
        ("[::1]", &["http://[::2]"], false),
        // International names.
        ("xn--bcher-kva.test", &["http://xn--bcher-kva.test"], true),
        ("xn--bcher-kva.test", &["http://b\u{fc}cher.test"], false),
    ];
    check(Origins::default(), &rows).await;
}

#[tokio::test]
async fn a_server_behind_tls_takes_pages_that_came_over_tls() {
    let rows: [Row<'_>; 5] = [
        ("example.com", &["https://example.com"], true),
        ("example.com:443", &["https://example.com"], true),
        ("example.com:8443", &["https://example.com:8443"], true),
        ("example.com", &["http://example.com"], false),
        ("example.com", &["http://example.com:443"], false),
    ];
    check(Origins::same_https(), &rows).await;
}

#[tokio::test]
async fn what_is_listed_connects_and_nothing_like_it() {
    let list = |origins: Origins| {
        let origins = origins.and("https://app.example.com").unwrap();
        origins.and("http://LOCALHOST:5173").unwrap()
    };
    let listed: [Row<'_>; 6] = [
        ("example.com", &["https://app.example.com"], true),
        ("example.com", &["https://app.example.com:443"], true),
        ("example.com", &["http://localhost:5173"], true),
        ("example.com", &["http://app.example.com"], false),
        ("example.com", &["https://app.example.com:8443"], false),
        ("example.com", &["https://an.app.example.com"], false),
    ];
    check(list(Origins::listed()), &listed).await;
    check(list(Origins::same_http()), &listed).await;

    let own: [Row<'_>; 1] = [("example.com", &["http://example.com"], true)];
    check(list(Origins::same_http()), &own).await;
    let own: [Row<'_>; 2] = [
        ("example.com", &["http://example.com"], false),
        // Nobody's name but the listed ones counts.
        ("evil.test", &["http://evil.test"], false),
    ];
    check(list(Origins::listed()), &own).await;
}

#[tokio::test]
async fn the_dangers_are_as_large_as_their_names_say() {
    let rows: [Row<'_>; 3] = [
        ("example.com", &["null"], true),
        ("example.com", &["http://evil.test"], false),
        ("example.com", &["null", "null"], false),
    ];
    check(Origins::same_http().dangerously_and_null(), &rows).await;
    let rows: [Row<'_>; 4] = [
        ("example.com", &["null"], true),
        ("example.com", &["http://evil.test"], true),
        ("example.com", &["a", "b"], true),
        ("", &["http://evil.test"], true),
    ];
    check(Origins::dangerously_any(), &rows).await;
}

/// Without a name of its own the server has no pages of its own.
#[tokio::test]
async fn a_request_that_does_not_name_the_server_once_is_no_page_of_it() {
    let app = Router::new()
        .route(
            "/socket",
            any(async |upgrade: Upgrade| upgrade.on_upgrade(|_| async {})),
        )
        .with_state(Sockets::default());
    let address = serve(app).await;
    let page = ("Origin", "http://example.com");
    let refused = async |target: &str, headers: &[(&str, &str)]| {
        let Answer { status, body, .. } = ask(address, target, headers).await;
        assert_eq!(status, 403, "{headers:?}: {body}");
        assert_eq!(body, "the Host header does not name one host");
    };
    refused("/socket", &[page]).await;
    refused("/socket", &[page, ("Host", "")]).await;
    refused("/socket", &[page, ("Host", "example.com:x")]).await;
    refused("/socket", &[page, ("Host", "example.com@evil.test")]).await;
    refused(
        "/socket",
        &[page, ("Host", "example.com"), ("Host", "example.com")],
    )
    .await;
    // A proxy's form of request, which names the server in its first line.
    refused("http://evil.test/socket", &[page, ("Host", "example.com")]).await;
}

/// Where there is no `Host`: its name stands in the request's target.
#[test]
fn http_2_names_the_server_in_its_own_way() {
    let check = |target: &str, headers: &[(&str, &str)]| {
        let mut request = Request::connect(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Origins::same_https().check(&parts)
    };
    let target = "https://example.com/socket";
    let page = ("origin", "https://example.com");
    assert_eq!(check(target, &[page]), Ok(()));
    assert_eq!(check(target, &[page, ("host", "example.com:443")]), Ok(()));
    let other = check(target, &[page, ("host", "evil.test")]);
    assert_eq!(other, Err(ForbiddenOrigin::NoHost));
    let evil = check(target, &[("origin", "https://evil.test")]);
    assert!(
        matches!(evil, Err(ForbiddenOrigin::Other { .. })),
        "{evil:?}"
    );
}

#[tokio::test]
async fn the_refusal_says_why_and_is_no_page() {
    let app = Router::new()
        .route(
            "/socket",
            any(async |upgrade: Upgrade| upgrade.on_upgrade(|_| async {})),
        )
        .with_state(Sockets::default());
    let address = serve(app).await;
    let said = async |origin| {
        let headers = [("Host", "example.com"), ("Origin", origin)];
        let answer = ask(address, "/socket", &headers).await;
        assert!(
            answer.head.contains("content-type: text/plain"),
            "{}",
            answer.head
        );
        assert!(answer.head.contains("nosniff"), "{}", answer.head);
        answer.body
    };
    assert_eq!(
        said("http://evil.test:81").await,
        "pages of http://evil.test:81 may not connect, pages of http://example.com may"
    );
    assert_eq!(
        said("null").await,
        "pages without an origin may not connect"
    );
    assert_eq!(
        said("http://a b").await,
        "the Origin header is not one origin"
    );
    let hint = said("https://example.com").await;
    assert!(hint.ends_with("see Origins::same_https"), "{hint}");
}

#[test]
fn what_is_no_origin_cannot_be_listed_and_the_error_says_what_to_write() {
    for text in [
        "",
        "null",
        "example.com",
        "https://",
        "https://example.com/",
        "https://*.example.com",
        "https://user@example.com",
        "https://example.com:https",
        "https://example.com:99999",
        "https://[::1",
        "https://[::1]x",
        "https://b\u{fc}cher.test",
        "wss://example.com",
        "://example.com",
        "1://example.com",
    ] {
        let error: InvalidOrigin = Origins::listed().and(text).unwrap_err();
        assert!(error.to_string().contains("https://example.com"), "{error}");
    }
}

#[test]
fn an_origin_prints_as_a_browser_writes_it() {
    for (text, printed) in [
        ("HTTPS://Example.com:443", "https://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("http://[0::1]:8080", "http://[::1]:8080"),
        ("app://x:80", "app://x:80"),
    ] {
        assert_eq!(text.parse::<Origin>().unwrap().to_string(), printed);
    }
}
