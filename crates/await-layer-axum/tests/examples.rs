//! The examples, one against the other.

use std::process::Command;

use await_layer_testkit::example::Example;

#[test]
fn the_client_asks_the_server_and_answers_it() {
    let mut server = Example::start("axum_server", &["127.0.0.1:0"]);
    let url = server.line();
    let address = url.strip_prefix("http://").expect("it says where it is");

    let heard = Example::start("axum_client", &[address]).rest();
    for line in [
        r#"the server asks: {"who":"are you?"}"#,
        "the server says: 4",
        "the server says: 9",
        "the server says: 16",
        "goodbye: closed here",
    ] {
        assert!(heard.contains(line), "{heard}");
    }
    assert_eq!(server.line(), "here is \"a program\"");
    assert_eq!(
        server.line(),
        "somebody left: closed by the peer (code 1000)"
    );

    if cfg!(unix) {
        let id = server.id().to_string();
        let told = Command::new("kill").args(["-INT", &id]).status();
        assert!(told.unwrap().success());
        assert_eq!(server.rest(), "0 sockets are told to go\n");
    }
}

#[test]
fn the_page_has_sixty_lines_at_most() {
    let page = include_str!("../examples/page.html");
    assert!(page.lines().count() <= 60, "{}", page.lines().count());
}
