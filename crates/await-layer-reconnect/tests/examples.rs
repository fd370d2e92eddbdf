//! The examples, one against the other.

use await_layer_testkit::example::Example;

#[test]
fn the_client_outlives_the_server() {
    let mut server = Example::start("restarting_server", &["127.0.0.1:0"]);
    let url = server.line();
    let address = url.strip_prefix("ws://").unwrap();
    let mut client = Example::start("reconnecting_client", &[&url]);
    assert_eq!(client.line(), r#"connected: {"sum":0}"#);
    assert_eq!(client.line(), r#"{"sum":1}"#);
    drop(server);
    let mut server = Example::start("restarting_server", &[address]);
    assert_eq!(server.line(), url);
    // A call that was with the first server may have failed before.
    while client.line() != r#"connected: {"sum":0}"# {}
    assert_eq!(client.line(), r#"{"sum":1}"#);
}
