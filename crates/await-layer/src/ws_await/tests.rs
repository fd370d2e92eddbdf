//! The ws-await wire, against examples.

mod generated;

use serde_json::{Value, json};

use crate::{AwaitIdCodec, Head, JsonFrame, Peek, Protocol, TextId, WsAsk, WsAwait, WsAwaitCodec};

type Peeked = Peek<TextId, WsAsk>;

fn peek(text: &str) -> Peeked {
    WsAwaitCodec::new().peek(&text.to_owned())
}

/// In a frame that owns its text and in one that does not.
fn seal(text: &str, id: &str) -> Result<String, String> {
    let mut frame = text.to_owned();
    let mut bytes = text.as_bytes().to_vec();
    let id = id.into();
    let sealed = WsAwaitCodec::new().seal(&mut bytes, Head::Request(&id));
    let same = WsAwaitCodec::new().seal(&mut frame, Head::Request(&id));
    assert_eq!(sealed, same);
    assert_eq!(bytes, frame.as_bytes());
    match sealed {
        Ok(()) => Ok(frame),
        Err(error) => {
            assert_eq!(frame, text, "a refused frame stays as it was");
            Err(error.to_string())
        }
    }
}

fn strip(text: &str) -> String {
    let mut frame = text.to_owned();
    let mut bytes = text.as_bytes().to_vec();
    WsAwaitCodec::new().strip(&mut frame);
    WsAwaitCodec::new().strip(&mut bytes);
    assert_eq!(bytes, frame.as_bytes());
    assert_eq!(look_and_strip(text.to_owned()), frame);
    assert_eq!(look_and_strip(text.as_bytes().to_vec()), bytes);
    frame
}

/// As the layer does it, after a look at another message.
fn look_and_strip<F: JsonFrame>(mut frame: F) -> F {
    let mut codec = WsAwaitCodec::new();
    codec.peek(&F::from_json(r#"{"awaitId":"y"}"#.to_owned()));
    codec.peek(&frame);
    codec.strip(&mut frame);
    frame
}

fn ask(text: &str) -> WsAsk {
    match peek(text) {
        Peek::Either(_, ask) | Peek::Request(ask) => ask,
        other => panic!("no ask in {other:?}"),
    }
}

#[test]
fn requests_are_byte_for_byte_the_original_s() {
    let sealed = seal(r#"{"foo":"bar"}"#, "_abc").unwrap();
    assert_eq!(sealed, r#"{"awaitId":"_abc","foo":"bar"}"#);
    assert_eq!(seal("{}", "_abc").unwrap(), r#"{"awaitId":"_abc"}"#);
    assert_eq!(seal(" { } ", "a\"b").unwrap(), r#"{"awaitId":"a\"b" } "#);
}

#[test]
fn replies_echo_the_id_as_it_came() {
    for id in [
        "7",
        "7.0",
        "7e0",
        r#""7""#,
        r#""\u0037""#,
        "true",
        r#"{"a": [1]}"#,
    ] {
        let asked = ask(&format!(r#"{{"q":1,"awaitId": {id} }}"#));
        assert_eq!(asked.as_json(), id);
        let mut frame = r#"{"a":1}"#.to_owned();
        let sealed = WsAwaitCodec::new().seal(&mut frame, Head::Reply(&asked));
        assert_eq!(sealed, Ok(()));
        assert_eq!(frame, format!(r#"{{"awaitId":{id},"a":1}}"#));
    }
}

#[test]
fn strings_may_be_replies_and_other_ids_are_requests() {
    let Peek::Either(id, _) = peek(r#"{"awaitId":"_abc","foo":1}"#) else {
        panic!("a string may name a call of ours");
    };
    assert_eq!(id, "_abc".into());
    assert!(matches!(peek(r#"{"awaitId":5}"#), Peek::Request(_)));
    // No str holds a lone surrogate, so no id of ours is one.
    assert!(matches!(peek(r#"{"awaitId":"\ud800"}"#), Peek::Request(_)));
}

#[test]
fn a_chosen_id_may_hold_anything() {
    for id in ["\"", "a\\b", "\n", "é", "\u{7f}"] {
        let frame = seal(r#"{"a":1}"#, id).unwrap();
        assert!(serde_json::from_str::<Value>(&frame).is_ok());
        assert!(matches!(peek(&frame), Peek::Either(found, _) if found == id.into()));
    }
}

#[test]
fn falsy_ids_make_a_plain_message() {
    for id in ["0", "-0", "0.0", "0e5", "1e-999", r#""""#, "null", "false"] {
        let text = format!(r#"{{"awaitId":{id},"a":1}}"#);
        assert_eq!(peek(&text), Peek::Other, "{id}");
        assert_eq!(strip(&text), text);
    }
    assert_eq!(seal("{}", "").unwrap_err().find("empty id"), Some(3));
}

#[test]
fn messages_without_an_id_are_plain() {
    for text in [
        "",
        " ",
        "{",
        "{}",
        "[]",
        r#"["awaitId"]"#,
        r#""awaitId""#,
        "5",
        "nul",
        r#"{"a":{"awaitId":"x"}}"#,
        r#"{"awaitid":"x"}"#,
        r#"{"a":"awaitId"}"#,
        r#"{awaitId:"x"}"#,
        r#"{"awaitId""x"}"#,
        r#"{"awaitId":}"#,
        r#"{"awaitId":"x"#,
        "{\"awaitId\":\"a\nb\"}",
        r#"{"a":1 "awaitId":"x"}"#,
    ] {
        assert_eq!(peek(text), Peek::Other, "{text}");
        assert_eq!(strip(text), text);
    }
}

#[test]
fn the_id_is_found_anywhere_however_it_is_written() {
    for text in [
        r#"{"awaitId":"x","a":1}"#,
        r#" { "awaitId" : "x" } "#,
        r#"{"a":{"awaitId":"y"},"awaitId":"x"}"#,
        r#"{"await\u0049d":"x"}"#,
        r#"{"\ud800":1,"awaitId":"x"}"#,
        r#"{"awaitId":"y","a":1,"awaitId":"x"}"#,
        r#"{"awaitId":"y","\u0061waitId":"x"}"#,
        r#"{"awaitId":"\u0078"}"#,
    ] {
        let Peek::Either(id, _) = peek(text) else {
            panic!("{text}");
        };
        assert_eq!(id.as_str(), "x", "{text}");
    }
}

#[test]
fn an_id_before_the_damage_still_names_its_call() {
    for text in [r#"{"awaitId":"x","a":}"#, r#"{"a":1,"awaitId":"x",]"#] {
        assert!(matches!(peek(text), Peek::Either(..)), "{text}");
    }
    let mut codec = WsAwaitCodec::new();
    let mut damaged = b"{\"awaitId\":\"x\",\"a\":\"\xff\"}".to_vec();
    assert!(matches!(codec.peek(&damaged), Peek::Either(..)));
    let before = damaged.clone();
    codec.strip(&mut damaged);
    assert_eq!(damaged, before);
}

#[test]
fn only_objects_without_the_field_carry_an_id() {
    for (text, why) in [
        ("[1]", "an array"),
        ("\"awaitId\"", "a string"),
        ("-1", "a number"),
        ("true", "a boolean"),
        ("null", "null"),
        ("", "not JSON"),
        (r#"{"awaitId":1}"#, "\"awaitId\""),
        (r#"{"a":1,"\u0061waitId":null}"#, "\"awaitId\""),
    ] {
        assert!(seal(text, "_x").unwrap_err().contains(why), "{text}");
    }
    assert!(seal(r#"{"a":{"awaitId":1},"b":"awaitId"}"#, "_x").is_ok());
    let mut frame = vec![b'{', 0xff, b'}'];
    let sealed = WsAwaitCodec::new().seal(&mut frame, Head::Request(&"_x".into()));
    assert!(sealed.is_err());
}

#[test]
fn plain_messages_leave_as_they_are_and_parts_do_not_leave() {
    let (mut codec, mut frame) = (WsAwaitCodec::new(), "[1]".to_owned());
    assert_eq!(codec.seal(&mut frame, Head::Plain), Ok(()));
    assert_eq!(frame, "[1]");
    let asked = ask(r#"{"awaitId":1}"#);
    assert!(codec.seal(&mut frame, Head::Part(&asked)).is_err());
}

#[test]
fn stripping_takes_the_field_and_nothing_else() {
    for (text, stripped) in [
        (r#"{"awaitId":"x","a":1}"#, r#"{"a":1}"#),
        (r#"{"awaitId":"x"}"#, "{}"),
        (r#"{"a":1,"awaitId":7}"#, r#"{"a":1}"#),
        (
            r#"{ "a" : 1 , "awaitId" : "x" , "b" : 2 }"#,
            r#"{ "a" : 1 , "b" : 2 }"#,
        ),
        (r#"{"awaitId":1,"a":2,"awaitId":3}"#, r#"{"a":2}"#),
        (r#"{"awaitId":7}"#, "{}"),
        (" { \"awaitId\" : \"x\" , \"a\":1}", " { \"a\":1}"),
        (
            r#"{"awaitId":7,"a":{"awaitId":8}}"#,
            r#"{"a":{"awaitId":8}}"#,
        ),
    ] {
        assert_eq!(strip(text), stripped);
    }
}

#[test]
fn a_text_with_a_longer_id_in_the_place_of_the_one_peeked_at_is_not_taken_for_it() {
    let (peeked, other) = (r#"{"awaitId":"x","abc":1}"#, r#"{"awaitId":"xyz","a":1}"#);
    assert_eq!(other.len(), peeked.len());
    let (mut codec, mut frame) = (WsAwaitCodec::new(), peeked.to_owned());
    codec.peek(&frame);
    frame.replace_range(.., other);
    codec.strip(&mut frame);
    assert_eq!(frame, strip(other));
}

#[test]
fn a_text_in_the_place_of_the_one_peeked_at_is_not_taken_for_it() {
    let peeked = r#"{"awaitId":"x","a":1}"#;
    for other in [
        r#"{"a":1,"awaitId":"x"}"#,
        "{\"a\":\"\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}aaa\"}",
    ] {
        assert_eq!(other.len(), peeked.len());
        let (mut codec, mut frame) = (WsAwaitCodec::new(), peeked.to_owned());
        codec.peek(&frame);
        frame.replace_range(.., other);
        codec.strip(&mut frame);
        assert_eq!(frame, strip(other));
    }
}

#[test]
fn leaving_the_id_leaves_the_frame() {
    let (_, mut codec, _) = WsAwait::<String>::new().leave_await_id(true).into_parts();
    let mut frame = r#"{"awaitId":"x","a":1}"#.to_owned();
    let before = frame.clone();
    codec.strip(&mut frame);
    assert_eq!(frame, before);
}

#[test]
fn a_field_of_another_name_is_the_only_one_touched() {
    for name in ["rid", "a/b", "q\"\\", "", "\u{e9}"] {
        let (_, mut codec, _) = WsAwait::<String>::new().field(name).into_parts();
        let mut frame = r#"{"awaitId":"mine"}"#.to_owned();
        codec.seal(&mut frame, Head::Request(&"_x".into())).unwrap();
        let tree: Value = serde_json::from_str(&frame).unwrap();
        assert_eq!(tree, json!({ name: "_x", "awaitId": "mine" }));
        assert!(matches!(codec.peek(&frame), Peek::Either(id, _) if id == "_x".into()));
        assert!(codec.seal(&mut frame, Head::Request(&"_y".into())).is_err());
        codec.strip(&mut frame);
        assert_eq!(frame, r#"{"awaitId":"mine"}"#);
    }
    let mut codec = WsAwaitCodec::new().field("a/b");
    assert!(matches!(
        codec.peek(&r#"{"a\/b":1}"#.to_owned()),
        Peek::Request(_)
    ));
}

#[test]
fn deep_nesting_neither_overflows_nor_hides_the_id() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let text = format!(r#"{{"a":{deep},"awaitId":"x"}}"#);
    assert!(matches!(peek(&text), Peek::Either(..)));
    assert_eq!(strip(&text), format!(r#"{{"a":{deep}}}"#));
    assert_eq!(peek(&"{\"a\":".repeat(100_000)), Peek::Other);
    assert_eq!(
        peek(&format!("{{\"a\":{}", "[".repeat(100_000))),
        Peek::Other
    );
}

#[test]
fn size_is_the_length_of_the_text() {
    assert_eq!(WsAwaitCodec::size(&"{\"a\":1}".to_owned()), 7);
}
