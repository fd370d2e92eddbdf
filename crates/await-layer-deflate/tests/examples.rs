//! The examples, one against the other.

use await_layer_testkit::example::Example;

#[test]
fn the_client_gets_its_echo_compressed_and_not() {
    let mut server = Example::start("deflate_server", &["127.0.0.1:0"]);
    let heard = Example::start("deflate_client", &[&server.line()]).rest();
    for line in [
        r#""compressed":true"#,
        r#""compressed":false"#,
        "closed here",
    ] {
        assert!(heard.contains(line), "{heard}");
    }
    assert_eq!(server.line(), "closed by the peer (code 1000)");
}
