//! The examples, one against the other.

use await_layer_testkit::example::Example;

#[test]
fn the_client_asks_the_server_and_answers_it() {
    let mut server = Example::start("smol_server", &["127.0.0.1:0"]);
    let url = server.line();
    let heard = Example::start("smol_client", &[&url]).rest();
    let sums = r#"the server says {"sum":6} and {"sum":42}"#;
    assert_eq!(heard, format!("{sums}\nclosed here\n"));
    assert_eq!(
        server.line(),
        r#"the client is {"i":"am the example client"}"#
    );
    assert_eq!(server.line(), "closed by the peer (code 1000)");
}
