//! Cases 29 to 38: `sendAwait` at its sender. The assertions of the original's
//! cases 29 to 32 never run; these do.

use std::time::Duration;

use await_layer_ws_await::{
    AwaitError, ConnectError, Data, Event, HandshakeError, SendCause, SendOptions, Sent, Settings,
    WebSocketAwait,
};
use futures::{FutureExt, StreamExt};
use serde_json::json;
use tokio::join;

use crate::pair::pair;

#[tokio::test]
async fn case_29_a_request_arrives_without_its_id_which_is_a_string() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    let mut call = client.socket.send_await(json!({ "foo": "bar" }));
    assert!(futures::poll!(&mut call).is_pending());
    let Event::MessageAwait(data, ask) = server.next().await else {
        panic!("no request");
    };
    assert_eq!(data, json!({ "foo": "bar" }));
    assert!(ask.id().as_str().is_some());
    assert_eq!(client.socket.await_list_size(), 1);
}

#[tokio::test]
async fn case_30_the_requester_sees_no_message_await() {
    let (mut client, mut server) = pair(Settings::new(), Settings::new()).await;
    let answer = async {
        let Event::MessageAwait(data, ask) = server.next().await else {
            panic!("no request");
        };
        server.socket.res_await(data, ask).await.unwrap();
        server.socket.close().await;
    };
    let (reply, ()) = join!(client.socket.send_await(json!({ "foo": 1 })), answer);
    assert_eq!(reply.unwrap(), json!({ "foo": 1 }));
    assert!(matches!(client.next().await, Event::Close(_)));
    assert!(client.events.next().await.is_none());
}

/// There are no callbacks: the second argument is `SendOptions` or nothing. What
/// the original drops silently does not compile.
#[tokio::test]
async fn case_31_there_is_no_callback_to_drop() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    let mut call = client
        .socket
        .send_await_with(json!({}), SendOptions::default());
    assert!(futures::poll!(&mut call).is_pending());
    assert!(matches!(server.next().await, Event::MessageAwait(..)));
    drop(call);
    assert_eq!(client.socket.await_list_size(), 0, "dropping cancels");
}

#[tokio::test]
async fn case_32_empty_options_are_accepted() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    let options = SendOptions::default();
    let call = client.socket.send_await_with(json!({ "foo": 1 }), options);
    let answer = async {
        let Event::MessageAwait(data, ask) = server.next().await else {
            panic!("no request");
        };
        server
            .socket
            .res_await_with(data, ask, options)
            .await
            .unwrap();
    };
    assert_eq!(join!(call, answer).0.unwrap(), json!({ "foo": 1 }));
}

#[tokio::test]
async fn case_33_generate_await_id_fails() {
    let failing = Settings::new().with_generate_await_id(|| Err("Test".into()));
    let panicking = Settings::new().with_generate_await_id(|| panic!("on purpose"));
    for (settings, text) in [
        (failing, "The message is not sent: Test"),
        (
            panicking,
            "The message is not sent: generate_await_id panicked",
        ),
    ] {
        let (client, _server) = pair(settings, Settings::new()).await;
        let error = client.socket.send_await(json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(
            (client.socket.await_list_size(), error.sent()),
            (0, Sent::No)
        );
        let AwaitError::Send(error) = error else {
            panic!("{error:?}");
        };
        assert!(matches!(error.cause(), SendCause::Hook(_)), "{error:?}");
    }
}

#[tokio::test]
async fn case_34_attach_await_id_fails() {
    let failing = Settings::new().with_attach_await_id(|_, _| Err("Test".into()));
    let (client, mut server) = pair(failing, Settings::new()).await;
    let error = client.socket.send_await(json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "The message is not sent: Test");
    assert!(matches!(error, AwaitError::Send(_)));
    assert_eq!(client.socket.await_list_size(), 0);
    client.socket.send(json!("others go on")).await.unwrap();
    assert_eq!(server.message().await, json!("others go on"));
}

/// Unlike at the original, nobody has to listen: with no listener there a bad
/// message ends the process.
#[tokio::test]
async fn case_35_unpack_message_fails() {
    let failing = Settings::new().with_unpack_message(|payload| match payload.as_bytes() {
        b"1" => Err("Test".into()),
        b"2" => panic!("on purpose"),
        _ => Ok(json!("fine").into()),
    });
    let (client, mut server) = pair(Settings::new(), failing).await;
    let text = "The message received but not processed: ";
    for (data, why) in [(json!(1), "Test"), (json!(2), "unpack_message panicked")] {
        client.socket.send(data.clone()).await.unwrap();
        let Event::Error(error) = server.next().await else {
            panic!("no error");
        };
        assert_eq!(error.to_string(), format!("{text}{why}"));
        let payload = error.payload().unwrap().as_bytes();
        assert_eq!(payload, data.to_string().as_bytes());
    }
    client.socket.send(json!(3)).await.unwrap();
    assert_eq!(server.message().await, json!("fine"));
}

/// A timeout of zero is a validation error here (case 23): no reply could come
/// in time. One millisecond of a clock that is moved by hand serves as well.
#[tokio::test(start_paused = true)]
async fn case_36_no_answer_in_time() {
    let settings = Settings::new().with_await_timeout(Duration::from_millis(1));
    let (client, _server) = pair(settings, Settings::new()).await;
    let error = client.socket.send_await(json!({})).await.unwrap_err();
    let text = "No response is received: Response timeout expired";
    assert_eq!(error.to_string(), text);
    assert!(matches!(error, AwaitError::Timeout(_)));
    assert_eq!(client.socket.await_list_size(), 0);
}

/// There is no socket in the state CONNECTING to send on: `connect` gives one
/// that is open, or says why there is none.
#[tokio::test]
async fn case_37_there_is_no_connecting_socket() {
    let (near, far) = tokio::io::duplex(1 << 10);
    let mut connecting = Box::pin(WebSocketAwait::connect_on(
        near,
        "ws://localhost/",
        Settings::new(),
    ));
    assert!(connecting.as_mut().now_or_never().is_none());
    drop(far);
    let refused = connecting.await;
    let Err(ConnectError::Handshake(HandshakeError::Protocol(_) | HandshakeError::Network(_))) =
        refused
    else {
        panic!("{refused:?}");
    };
}

/// The text is the original's; the code and the reason, which it lacks, are the
/// cause.
#[tokio::test]
async fn case_38_the_server_closes_after_the_request() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    let closes = async {
        assert!(matches!(server.next().await, Event::MessageAwait(..)));
        server.socket.close_with(4001, "enough").await.unwrap();
    };
    let (reply, ()) = join!(client.socket.send_await(json!({})), closes);
    let error = reply.unwrap_err();
    let text = "The message is not sent or not response is received: Connection close";
    assert_eq!(error.to_string(), text);
    let AwaitError::ConnectionClose(why) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (why.reason.code(), why.reason.text()),
        (Some(4001), "enough")
    );
    assert_eq!(error.sent(), Sent::Yes);
    assert_eq!(client.socket.await_list_size(), 0);
    let after = client
        .socket
        .send_await(Data::from(json!({})))
        .await
        .unwrap_err();
    let AwaitError::Send(send) = after else {
        panic!("{after:?}");
    };
    assert!(matches!(send.cause(), SendCause::Closed(_)));
}
