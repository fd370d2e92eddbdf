//! The examples, one against the other.

use await_layer_testkit::example::Example;

#[test]
fn the_client_asks_the_server_and_answers_it() {
    let mut server = Example::start("tungstenite_server", &["127.0.0.1:0"]);
    let heard = Example::start("tungstenite_client", &[&server.line()]).rest();
    for line in [
        r#"the server asks {"your":"name"}"#,
        r#"the server says {"is":1.0}"#,
        r#"the server says {"is":4.0}"#,
        r#"the server says {"is":9.0}"#,
        "closed here",
    ] {
        assert!(heard.lines().any(|it| it == line), "no {line} in\n{heard}");
    }
    assert_eq!(server.line(), r#"here is {"i":"am the example client"}"#);
    assert_eq!(server.line(), "closed by the peer (code 1000)");
}
