//! The ws-await wire, against serde_json.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{peek, seal, strip};
use crate::{AwaitIdCodec, Head, Peek, WsAwaitCodec};

/// JSON values, deep enough to nest the field's name in odd places.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::from(0)),
        Just(Value::from("")),
        Just(Value::from("awaitId")),
        "\\PC{0,8}".prop_map(Value::from),
        "[\"\\\\{}:,a]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..4)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("awaitId".to_owned()),
        2 => Just("a".to_owned()),
        1 => "\\PC{0,6}",
    ]
}

/// An object's text with repeated keys, escapes and white space.
fn object() -> impl Strategy<Value = String> {
    let member = (key(), value(), any::<bool>(), "[ \t\r\n]{0,2}");
    proptest::collection::vec(member, 0..6).prop_map(|members| {
        let members = members.iter().map(|(key, value, escape, space)| {
            let units = key.encode_utf16();
            let key = match escape {
                true => units.map(|unit| format!("\\u{unit:04x}")).collect(),
                false => crate::ws_await::plain::quote(key),
            };
            let quote = if *escape { "\"" } else { "" };
            format!("{space}{quote}{key}{quote}{space}:{space}{value}{space}")
        });
        format!(" {{{}}}\n", members.collect::<Vec<_>>().join(","))
    })
}

fn truthy(value: &Value) -> bool {
    !(value.is_null()
        || *value == json!(false)
        || *value == json!("")
        || value.as_f64() == Some(0.0))
}

/// Says what serde_json makes of it, where it accepts the text at all.
fn agrees_with_the_tree(text: &str) {
    let peeked = peek(text);
    let stripped = strip(text);
    let Ok(tree) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let id = tree.get("awaitId").filter(|id| truthy(id));
    let (seen, asked) = match &peeked {
        Peek::Either(id, ask) => (Some(Value::from(id.as_str())), Some(ask)),
        Peek::Request(ask) => (serde_json::from_str(ask.as_json()).ok(), Some(ask)),
        _ => (None, None),
    };
    assert_eq!(seen.as_ref(), id);
    assert_eq!(
        matches!(peeked, Peek::Either(..)),
        id.is_some_and(Value::is_string)
    );
    if let Some(ask) = asked {
        assert_eq!(
            serde_json::from_str::<Value>(ask.as_json()).ok().as_ref(),
            id
        );
    }

    let mut rest = tree.clone();
    if id.is_some() {
        rest.as_object_mut().unwrap().remove("awaitId");
    }
    assert_eq!(serde_json::from_str::<Value>(&stripped).unwrap(), rest);

    let sealed = seal(text, "_id");
    let can = tree
        .as_object()
        .is_some_and(|tree| !tree.contains_key("awaitId"));
    assert_eq!(sealed.is_ok(), can);
    if let Ok(sealed) = sealed {
        assert!(sealed.starts_with(r#"{"awaitId":"_id""#));
        assert_eq!(
            serde_json::from_str::<Value>(&strip(&sealed)).unwrap(),
            tree
        );
    }
}

proptest! {
    #[test]
    fn generated_objects_agree_with_the_tree(text in object()) {
        serde_json::from_str::<Value>(&text).expect("the generator writes JSON");
        agrees_with_the_tree(&text);
    }

    #[test]
    fn damaged_objects_agree_or_are_harmless(
        text in object(),
        at in any::<prop::sample::Index>(),
        with in prop_oneof![Just(""), Just("\""), Just("}"), Just("\\"), Just(","), Just("\0")],
        cut in 0_usize..3,
    ) {
        let mut characters: Vec<char> = text.chars().collect();
        let start = at.index(characters.len());
        let end = characters.len().min(start + cut);
        characters.splice(start..end, with.chars());
        agrees_with_the_tree(&characters.into_iter().collect::<String>());
    }

    #[test]
    fn any_bytes_are_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut codec = WsAwaitCodec::new();
        let mut frame = [&b"{\"awaitId\":"[..], &bytes].concat();
        let _ = codec.peek(&frame);
        codec.strip(&mut frame);
        let _ = codec.seal(&mut frame, Head::Request(&"_x".into()));
    }
}
