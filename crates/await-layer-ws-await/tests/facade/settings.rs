//! Settings that change while the connection lives.

use std::panic::panic_any;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use await_layer_ws_await::{Data, Event, Payload, Settings, WebSocketAwait};
use serde_json::json;
use tokio::join;

use crate::pair::pair;

#[tokio::test]
async fn every_wrong_field_is_named_and_nothing_changes() {
    let (client, _server) = pair(Settings::new(), Settings::new()).await;
    let wrong = Settings::new()
        .with_await_timeout(Duration::from_secs(u64::MAX))
        .with_name_await_id("")
        .with_leave_await_id(true)
        .with_attach_await_id(|data, _| Ok(data));
    let error = client.socket.set_settings(wrong).unwrap_err();
    let fields: Vec<_> = error.wrong().iter().map(|wrong| wrong.field).collect();
    assert_eq!(
        fields,
        ["await_timeout", "name_await_id", "attach_await_id"]
    );
    for field in fields {
        assert!(error.to_string().contains(field), "{error}");
    }
    let settings = client.socket.settings();
    assert_eq!(settings.await_timeout(), Duration::from_secs(10));
    assert_eq!(settings.name_await_id(), "awaitId");
    assert!(!settings.leave_await_id());
}

#[test]
fn an_attach_that_extract_cannot_read_back_is_wrong() {
    let elsewhere = |data: Data, id: &await_layer_ws_await::AwaitId| {
        let mut value = data.into_json().map_err(|_| "JSON only")?;
        value
            .as_object_mut()
            .ok_or("objects only")?
            .insert("rid".to_owned(), id.to_value());
        Ok(value.into())
    };
    let extract = |data: &Data| Some(data.as_json()?.get("rid")?.clone().into());
    let one = Settings::new().with_attach_await_id(elsewhere);
    assert_eq!(
        one.validate().unwrap_err().wrong()[0].field,
        "attach_await_id"
    );
    assert!(
        one.clone()
            .with_extract_await_id(extract)
            .validate()
            .is_ok()
    );
    assert!(one.clone().with_name_await_id("rid").validate().is_ok());
    assert!(one.without_extract_await_id().validate().is_ok());
    let panics = Settings::new().with_extract_await_id(|_| panic!("on purpose"));
    let error = panics.validate().unwrap_err();
    assert!(error.to_string().contains("panicked"), "{error}");
    // What takes nothing that can be tried is its owner's business.
    let picky = Settings::new().with_attach_await_id(|_, _| Err("never".into()));
    assert!(picky.validate().is_ok());
}

#[tokio::test]
async fn what_starts_later_goes_by_the_new_settings() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    for name in ["awaitId", "rid", "an \"id\""] {
        for end in [&client.socket, &server.socket] {
            end.set_settings(end.settings().with_name_await_id(name))
                .unwrap();
        }
        let answer = async {
            let Event::MessageAwait(data, ask) = server.next().await else {
                panic!("no request");
            };
            assert_eq!(data, json!({ "awaitIdentity": 1 }));
            server.socket.res_await(data, ask).await.unwrap();
        };
        let (reply, ()) = join!(
            client.socket.send_await(json!({ "awaitIdentity": 1 })),
            answer
        );
        assert_eq!(reply.unwrap(), json!({ "awaitIdentity": 1 }));
    }
    // A clone is the same connection.
    let other = client.socket.clone();
    other
        .set_settings(other.settings().without_pack_message())
        .unwrap();
    assert!(client.socket.send(json!({})).await.is_err());
}

/// A peer could make it panic as often as it likes.
#[tokio::test]
async fn what_a_function_panics_with_is_dropped() {
    struct Thrown {
        _count: Arc<()>,
        payload: Payload,
    }
    impl Drop for Thrown {
        fn drop(&mut self) {
            assert_ne!(self.payload.as_bytes(), b"2", "when it is dropped, too");
        }
    }
    let count = Arc::new(());
    let mine = count.clone();
    let settings = Settings::new().with_unpack_message(move |payload| {
        let (_count, payload) = (mine.clone(), payload.clone());
        panic_any(Thrown { _count, payload })
    });
    let (client, mut server) = pair(Settings::new(), settings).await;
    for number in [1, 2, 3] {
        client.socket.send(json!(number)).await.unwrap();
        assert!(matches!(server.next().await, Event::Error(_)));
        assert_eq!(Arc::strong_count(&count), 2);
    }
}

/// Whoever changes the settings meanwhile: one of the functions, here.
#[tokio::test]
async fn one_message_goes_by_one_setting() {
    let place: Arc<OnceLock<WebSocketAwait>> = Arc::default();
    let socket = place.clone();
    let settings = Settings::new().with_extract_await_id(move |data| {
        if let Some(socket) = socket.get() {
            let other = Settings::new().with_name_await_id("q");
            socket.set_settings(other).unwrap();
        }
        Settings::new().extract_await_id(data)
    });
    let (client, mut server) = pair(Settings::new(), settings).await;
    place.set(server.socket.clone()).unwrap();
    let mut call = client.socket.send_await(json!({ "q": 1 }));
    assert!(futures::poll!(&mut call).is_pending());
    let Event::MessageAwait(data, _ask) = server.next().await else {
        panic!("no request");
    };
    assert_eq!(data, json!({ "q": 1 }));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_counts_for_calls_that_start_later() {
    let (client, _server) = pair(Settings::new(), Settings::new()).await;
    let before = client.socket.send_await(json!({}));
    client.socket.set_await_timeout(Duration::MAX).unwrap();
    let after = client.socket.send_await(json!({}));
    let start = tokio::time::Instant::now();
    tokio::select! {
        error = before => assert!(error.is_err()),
        _ = after => panic!("it has no timeout"),
    }
    assert_eq!(start.elapsed().as_secs(), 10);
}
