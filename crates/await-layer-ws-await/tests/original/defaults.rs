//! Cases 1 to 19: options and their functions.

use std::time::Duration;

use await_layer_ws_await::{AwaitId, ConnectError, Data, Payload, Settings, WebSocketAwait};
use serde_json::json;

use crate::pair::pair;

#[test]
fn case_01_await_timeout_is_ten_seconds() {
    assert_eq!(
        Settings::new().await_timeout(),
        Duration::from_millis(10_000)
    );
}

#[test]
fn case_02_leave_await_id_is_false() {
    assert!(!Settings::new().leave_await_id());
}

/// That a setting is a function is the compiler's to say: what is tested is
/// that the usual one is there and does its work.
#[test]
fn case_03_pack_message_is_a_function() {
    let packed = Settings::new().pack_message(json!({ "b": 1, "a": 2 }).into());
    let text = r#"{"b":1,"a":2}"#.to_owned();
    assert_eq!(packed.unwrap(), Payload::Text(text));
}

/// As at case 3.
#[test]
fn case_04_unpack_message_is_a_function() {
    let settings = Settings::new();
    for payload in [
        Payload::Text("[1]".to_owned()),
        Payload::Binary("[1]".into()),
    ] {
        assert_eq!(settings.unpack_message(&payload).unwrap(), json!([1]));
    }
    let broken = Payload::Text("{secret".to_owned());
    let error = settings.unpack_message(&broken).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

/// As at case 3.
#[test]
fn case_05_generate_await_id_is_a_function() {
    let settings = Settings::new();
    let ids = [(); 2].map(|()| settings.generate_await_id().unwrap());
    assert_ne!(ids[0], ids[1]);
}

/// As at case 3.
#[test]
fn case_06_attach_await_id_is_a_function() {
    let attached = Settings::new().attach_await_id(json!({}).into(), &"_id".into());
    assert!(attached.is_ok());
}

/// As at case 3.
#[test]
fn case_07_extract_await_id_is_a_function() {
    let found = Settings::new().extract_await_id(&json!({ "awaitId": 7 }).into());
    assert_eq!(found, Some(AwaitId::from(7)));
}

/// As at case 3.
#[test]
fn case_08_delete_await_id_is_a_function() {
    let data = json!({ "a": 1, "awaitId": "_id", "b": 2, "c": 3 });
    let Data::Json(left) = Settings::new().delete_await_id(data.into()) else {
        panic!("no JSON");
    };
    assert_eq!(left.to_string(), r#"{"a":1,"b":2,"c":3}"#);
}

#[tokio::test]
async fn case_09_the_await_list_is_empty() {
    let (client, server) = pair(Settings::new(), Settings::new()).await;
    assert_eq!(client.socket.await_list_size(), 0);
    assert_eq!(server.socket.await_list_size(), 0);
}

#[test]
fn case_10_generate_await_id_gives_a_string() {
    let id = Settings::new().generate_await_id().unwrap();
    let text = id.as_str().expect("a string");
    assert!(text.starts_with('_') && text.len() > 10, "{text}");
}

/// There is no argument to be ignored: with one it does not compile. What can
/// be tested is that a function of the user's own is asked each time.
#[test]
fn case_11_generate_await_id_takes_no_arguments() {
    let settings = Settings::new().with_generate_await_id(|| Ok("mine".into()));
    assert_eq!(settings.generate_await_id().unwrap().as_str(), Some("mine"));
}

#[test]
fn case_12_the_id_is_attached_first() {
    let data = json!({ "foo": 1 }).into();
    let attached = Settings::new()
        .attach_await_id(data, &"_id".into())
        .unwrap();
    let text = attached.into_json().unwrap().to_string();
    assert_eq!(text, r#"{"awaitId":"_id","foo":1}"#);
}

#[test]
fn case_13_the_id_is_attached_to_an_empty_object() {
    let attached = Settings::new().attach_await_id(json!({}).into(), &"_id".into());
    assert_eq!(attached.unwrap(), json!({ "awaitId": "_id" }));
}

/// The original makes `{awaitId: undefined}` of nothing at all, and destroys
/// arrays, strings and numbers. Ours refuses what cannot carry an id, and data
/// whose own field would replace it.
#[test]
fn case_14_what_cannot_carry_an_id_is_refused() {
    let settings = Settings::new();
    for data in [
        json!(null),
        json!([1]),
        json!("text"),
        json!(5),
        json!(true),
    ] {
        let error = settings
            .attach_await_id(data.into(), &"_id".into())
            .unwrap_err();
        assert!(error.to_string().contains("send a JSON object"), "{error}");
    }
    let raw = settings.attach_await_id(Data::text("{}"), &"_id".into());
    assert!(raw.unwrap_err().to_string().contains("raw data"));
    let own = settings.attach_await_id(json!({ "awaitId": "x" }).into(), &"_id".into());
    assert!(own.unwrap_err().to_string().contains("leave it out"));
}

#[test]
fn case_15_the_id_is_extracted() {
    let data = json!({ "awaitId": "_id", "foo": 1 }).into();
    assert_eq!(Settings::new().extract_await_id(&data), Some("_id".into()));
}

/// The original gives `false`; no id is `None` here. Falsy ids are none either,
/// as at the original.
#[test]
fn case_16_without_the_field_there_is_no_id() {
    for data in [
        json!({ "foo": 1 }),
        json!({ "awaitId": 0 }),
        json!({ "awaitId": "" }),
    ] {
        assert_eq!(Settings::new().extract_await_id(&data.into()), None);
    }
}

/// The original gives `undefined` for nothing.
#[test]
fn case_17_what_is_no_object_has_no_id() {
    let settings = Settings::new();
    for data in [
        json!(null).into(),
        json!("awaitId").into(),
        Data::text("awaitId"),
    ] {
        assert_eq!(settings.extract_await_id(&data), None);
    }
}

#[tokio::test]
async fn case_18_all_options_are_stored_as_given() {
    let settings = Settings::new()
        .with_await_timeout(Duration::from_millis(5555))
        .with_leave_await_id(true)
        .with_name_await_id("rid")
        .with_pack_message(|_| Ok(Payload::Text("packed".to_owned())))
        .with_unpack_message(|_| Ok(json!("unpacked").into()))
        .with_generate_await_id(|| Ok("generated".into()))
        .with_attach_await_id(|_, id| Ok(json!(["attached", id.to_value()]).into()))
        .with_extract_await_id(|data| Some(data.as_json()?.get(1)?.clone().into()))
        .with_delete_await_id(|_| json!("deleted").into());
    let (client, server) = pair(settings.clone(), settings).await;
    for end in [client, server] {
        let stored = end.socket.settings();
        assert_eq!(stored.await_timeout(), Duration::from_millis(5555));
        assert!(stored.leave_await_id());
        assert_eq!(stored.name_await_id(), "rid");
        let payload = stored.pack_message(json!({}).into()).unwrap();
        assert_eq!(payload.as_bytes(), b"packed");
        assert_eq!(stored.unpack_message(&payload).unwrap(), json!("unpacked"));
        let id = stored.generate_await_id().unwrap();
        assert_eq!(id.as_str(), Some("generated"));
        let attached = stored.attach_await_id(json!({}).into(), &id).unwrap();
        assert_eq!(attached, json!(["attached", "generated"]));
        assert_eq!(stored.extract_await_id(&attached), Some(id));
        assert_eq!(stored.delete_await_id(attached), json!("deleted"));
    }
}

/// `true` is no `Duration`: that does not compile. What types leave over is
/// checked, before anything is dialled.
#[tokio::test]
async fn case_19_a_wrong_await_timeout_is_a_validation_error() {
    let settings = Settings::new().with_await_timeout(Duration::ZERO);
    let refused = WebSocketAwait::connect("ws://127.0.0.1:1", settings).await;
    let Err(ConnectError::Settings(error)) = refused else {
        panic!("{refused:?}");
    };
    let text = "wrong settings: await_timeout: it must not be zero: no reply could come in time";
    assert_eq!(error.to_string(), text);
}
