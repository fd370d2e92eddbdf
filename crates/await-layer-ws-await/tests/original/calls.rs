//! Cases 39 to 45: requests with their replies, and `resAwait`.

use await_layer_ws_await::{AwaitId, Data, Event, SendOptions, Settings};
use serde_json::json;
use tokio::join;

use crate::pair::{End, pair};

/// Answers one request with what it holds, and tells what it was.
async fn echo(server: &mut End) -> (Data, AwaitId) {
    let Event::MessageAwait(data, ask) = server.next().await else {
        panic!("no request");
    };
    let asked = ask.id().clone();
    let reply = match data.clone() {
        // An id that was left in place is left out, or it would be in the way.
        Data::Json(serde_json::Value::Object(mut members)) => {
            members.retain(|name, _| name == "foo");
            Data::Json(members.into())
        }
        other => other,
    };
    let answered = server.socket.res_await(reply, ask).await.unwrap();
    assert_eq!(answered, asked);
    (data, asked)
}

fn keys(data: &Data) -> Vec<&str> {
    let object = data.as_json().and_then(|value| value.as_object());
    object.unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn case_39_the_reply_is_the_data_without_the_id() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    let call = client.socket.send_await(json!({ "foo": "bar" }));
    let (reply, (data, _)) = join!(call, echo(&mut server));
    assert_eq!(data, json!({ "foo": "bar" }));
    assert_eq!(reply.unwrap(), json!({ "foo": "bar" }));
    assert_eq!(client.socket.await_list_size(), 0);
}

/// The original replies with the data it got, id and all, and lets them
/// override the id. Here an id of the data's own is refused: see the end.
#[tokio::test]
async fn case_40_a_key_of_ones_own_that_is_left_in_place() {
    let settings = Settings::new()
        .with_name_await_id("testId")
        .with_leave_await_id(true);
    let (client, mut server) = pair(settings.clone(), settings).await;
    let call = client.socket.send_await(json!({ "foo": 1 }));
    let (reply, (data, id)) = join!(call, echo(&mut server));
    assert_eq!(keys(&data), ["testId", "foo"]);
    assert_eq!(data["testId"], id.to_value());
    assert_eq!(keys(&reply.unwrap()), ["testId", "foo"]);
    let error = client.socket.send_await(data).await.unwrap_err();
    assert!(error.to_string().contains("leave it out"), "{error}");
}

#[tokio::test]
async fn case_41_the_usual_key_that_is_left_in_place() {
    let settings = Settings::new().with_leave_await_id(true);
    let (client, mut server) = pair(settings.clone(), settings).await;
    let call = client.socket.send_await(json!({ "foo": 1 }));
    let (reply, (data, _)) = join!(call, echo(&mut server));
    assert_eq!(keys(&data), ["awaitId", "foo"]);
    assert_eq!(keys(&reply.unwrap()), ["awaitId", "foo"]);
}

/// `resAwait` takes any id there. Here it takes the right to answer a request,
/// once, so that there is always one: what comes under an id that nobody asked
/// with does not exist.
#[tokio::test]
async fn case_42_res_await_gives_the_id() {
    let settings = Settings::new().with_generate_await_id(|| Ok("my id".into()));
    let (client, mut server) = pair(settings, Settings::new()).await;
    let call = client.socket.send_await(json!({}));
    // The echo compares what is given with what was asked.
    let (reply, (_, id)) = join!(call, echo(&mut server));
    assert_eq!(
        (reply.unwrap(), id.as_str()),
        (json!({}).into(), Some("my id"))
    );
}

/// As at case 31.
#[tokio::test]
async fn case_43_there_is_no_callback_to_drop() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    let call = client.socket.send_await(json!({ "q": 1 }));
    let answer = async {
        let Event::MessageAwait(_, ask) = server.next().await else {
            panic!("no request");
        };
        server
            .socket
            .res_await(json!({ "a": 1 }), ask)
            .await
            .unwrap()
    };
    let (reply, id) = join!(call, answer);
    assert_eq!(reply.unwrap(), json!({ "a": 1 }));
    assert!(id.as_str().is_some());
}

#[tokio::test]
async fn case_44_empty_options_are_accepted() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    let call = client.socket.send_await(json!({ "q": 1 }));
    let answer = async {
        let Event::MessageAwait(_, ask) = server.next().await else {
            panic!("no request");
        };
        let options = SendOptions::default();
        let answer = server
            .socket
            .res_await_with(json!({ "a": 2 }), ask, options);
        answer.await.unwrap();
    };
    assert_eq!(join!(call, answer).0.unwrap(), json!({ "a": 2 }));
}

#[tokio::test]
async fn case_45_attach_await_id_fails_in_the_answer() {
    let failing = Settings::new().with_attach_await_id(|_, _| Err("Test".into()));
    let (client, mut server) = pair(Settings::new(), failing).await;
    let mut call = client.socket.send_await(json!({}));
    assert!(futures::poll!(&mut call).is_pending());
    let Event::MessageAwait(_, ask) = server.next().await else {
        panic!("no request");
    };
    let error = server.socket.res_await(json!({}), ask).await.unwrap_err();
    assert_eq!(error.to_string(), "The message is not sent: Test");
}
