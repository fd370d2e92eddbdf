//! The examples, one against the other.

use await_layer_testkit::example::Example;

/// What the client prints.
fn check(heard: &str) {
    for line in [
        r#"the server asks {"your":"name"}"#,
        r#"the server says {"sum":6} and {"sum":42}"#,
        "closed here",
    ] {
        assert!(heard.lines().any(|it| it == line), "{heard}");
    }
}

#[test]
fn the_client_asks_the_server_over_tcp_and_answers_it() {
    let mut server = Example::start("tokio_server", &["127.0.0.1:0"]);
    check(&Example::start("tokio_client", &[&server.line()]).rest());
}

#[test]
fn the_client_starts_the_server_as_its_child() {
    check(&Example::start("tokio_client", &[]).rest());
}
