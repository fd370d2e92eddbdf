//! The examples, one against the other.

use await_layer_testkit::example::Example;

#[test]
fn the_client_asks_the_server_and_answers_it() {
    let mut server = Example::start("ws_await_server", &["127.0.0.1:0"]);
    let url = server.line();
    assert!(url.starts_with("ws://"), "{url}");
    let heard = Example::start("ws_await_client", &[&url]).rest();
    for line in [
        "the server asks: \"are you?\"",
        "the server says: 4.0",
        "the server says: 9.0",
        "the server says: 16.0",
        "goodbye: closed here",
    ] {
        assert!(heard.contains(line), "{heard}");
    }
    let mut lines = [server.line(), server.line(), server.line()];
    lines.sort();
    assert_eq!(lines[0], "here is \"a program\"");
    assert_eq!(lines[1], "somebody left: closed by the peer (code 1000)");
    assert_eq!(lines[2], "told Some(String(\"hello\"))");
}
