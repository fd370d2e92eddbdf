//! The original's defects around ids.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use await_layer_ws_await::{AwaitError, Data, Event, Payload, Refused, SendCause, Settings};
use serde_json::{Value, json};
use tokio::join;

use crate::pair::{End, pair};
use crate::raw::{self, Raw};

async fn request(end: &mut End) -> (Data, await_layer_ws_await::Ask) {
    match end.next().await {
        Event::MessageAwait(data, ask) => (data, ask),
        other => panic!("{other:?}"),
    }
}

/// Defect 1 there: each takes the other's request for its reply.
#[tokio::test]
async fn both_ends_ask_at_once() {
    let (mut client, mut server) = pair(Settings::new(), Settings::new()).await;
    let (one, other) = (client.socket.clone(), server.socket.clone());
    let answers = async {
        for end in [&mut client, &mut server] {
            let (data, ask) = request(end).await;
            end.socket
                .res_await(json!({ "to": data["from"] }), ask)
                .await
                .unwrap();
        }
    };
    let (a, b, ()) = join!(
        one.send_await(json!({ "from": "client" })),
        other.send_await(json!({ "from": "server" })),
        answers,
    );
    assert_eq!(a.unwrap(), json!({ "to": "client" }));
    assert_eq!(b.unwrap(), json!({ "to": "server" }));
}

/// Defects 2 to 4 there: what comes late or twice is a new request, and is
/// answered, and so on for ever. With ids of the user's own as with ours.
#[tokio::test]
async fn a_second_reply_reaches_nobody() {
    let counter = Arc::new(AtomicU64::new(1));
    let own = move || Ok(json!(counter.fetch_add(1, Ordering::Relaxed)).into());
    for settings in [Settings::new(), Settings::new().with_generate_await_id(own)] {
        let mut end = raw::client(settings).await;
        for _ in 0..2 {
            let mut call = end.socket.send_await(json!({ "q": 1 }));
            assert!(futures::poll!(&mut call).is_pending());
            let seen = end.see().await;
            end.say(0x81, &seen.payload).await;
            assert_eq!(call.await.unwrap(), json!({ "q": 1 }));
            end.say(0x81, &seen.payload).await;
        }
        end.say(0x81, b"7").await;
        let Raw { socket, events, .. } = end;
        let mut rest = End { socket, events };
        assert_eq!(rest.message().await, json!(7));
        assert_eq!(rest.socket.stats().late, 2);
    }
}

/// Defect 5 there: the second call takes the place of the first.
#[tokio::test]
async fn an_id_in_use_is_refused() {
    let settings = Settings::new().with_generate_await_id(|| Ok("same".into()));
    let (client, mut server) = pair(settings, Settings::new()).await;
    let mut first = client.socket.send_await(json!({ "n": 1 }));
    assert!(futures::poll!(&mut first).is_pending());
    let error = client
        .socket
        .send_await(json!({ "n": 2 }))
        .await
        .unwrap_err();
    let AwaitError::Send(error) = error else {
        panic!("{error:?}");
    };
    assert!(matches!(
        error.cause(),
        SendCause::Refused(Refused::IdInUse)
    ));
    assert!(error.to_string().contains("in use"), "{error}");
    let (data, ask) = request(&mut server).await;
    server.socket.res_await(data, ask).await.unwrap();
    assert_eq!(first.await.unwrap(), json!({ "n": 1 }));
}

/// Defect 8 there: falsy ids time out. Numbers, even fractions, come back.
#[tokio::test]
async fn ids_are_any_json_that_is_no_falsehood() {
    for id in [json!(0), json!(""), json!(null), json!(false)] {
        let settings = Settings::new().with_generate_await_id(move || Ok(id.clone().into()));
        let (client, _server) = pair(settings, Settings::new()).await;
        let error = client.socket.send_await(json!({})).await.unwrap_err();
        let AwaitError::Send(error) = error else {
            panic!("{error:?}");
        };
        assert!(matches!(error.cause(), SendCause::FalsyId));
    }
    for id in [
        json!(7),
        json!(0.548_813_503_927_324_8),
        json!(true),
        json!({ "b": 1, "a": 2 }),
    ] {
        let expected = id.clone();
        let settings = Settings::new().with_generate_await_id(move || Ok(id.clone().into()));
        let (client, mut server) = pair(settings, Settings::new()).await;
        let answer = async {
            let (data, ask) = request(&mut server).await;
            assert_eq!(ask.id().to_value(), expected);
            server.socket.res_await(data, ask).await.unwrap();
        };
        let (reply, ()) = join!(client.socket.send_await(json!({ "q": 1 })), answer);
        assert_eq!(reply.unwrap(), json!({ "q": 1 }));
    }
}

/// Defect 10 there: raw binary cannot be correlated without four functions that
/// fit. Here three will do: one byte of id, then the data.
#[tokio::test]
async fn raw_binary_can_be_correlated() {
    let settings = || {
        Settings::new()
            .without_unpack_message()
            .with_generate_await_id(|| Ok(5.into()))
            .with_attach_await_id(|data, id| {
                let (Data::Binary(bytes), Some(id)) = (data, id.to_value().as_u64()) else {
                    return Err("only binary".into());
                };
                Ok(Data::binary([&[u8::try_from(id)?], &bytes[..]].concat()))
            })
            .with_extract_await_id(|data| match data {
                Data::Binary(bytes) => Some(u64::from(*bytes.first()?).into()),
                _ => None,
            })
            .with_delete_await_id(|data| match data {
                Data::Binary(bytes) => Data::Binary(bytes.slice(1..)),
                other => other,
            })
    };
    let (client, mut server) = pair(settings(), settings()).await;
    let answer = async {
        let (data, ask) = request(&mut server).await;
        assert_eq!(data, Data::binary("ping"));
        server
            .socket
            .res_await(Data::binary("pong"), ask)
            .await
            .unwrap();
    };
    let (reply, ()) = join!(client.socket.send_await(Data::binary("ping")), answer);
    assert_eq!(reply.unwrap(), Data::binary("pong"));
}

/// A function that fails on a reply fails its call, and nothing else.
#[tokio::test]
async fn a_reply_that_cannot_be_processed_fails_its_call() {
    let settings = Settings::new().with_delete_await_id(|_| panic!("on purpose"));
    let (client, mut server) = pair(settings, Settings::new()).await;
    let answer = async {
        let (data, ask) = request(&mut server).await;
        server.socket.res_await(data, ask).await.unwrap();
    };
    let (reply, ()) = join!(client.socket.send_await(json!({})), answer);
    let error = reply.unwrap_err();
    assert!(matches!(error, AwaitError::Processed(_)), "{error:?}");
    assert_eq!(client.socket.await_list_size(), 0);
}

/// The wire of the original: the id first, then the caller's keys in their
/// order.
#[tokio::test]
async fn the_bytes_are_the_originals() {
    let settings = Settings::new().with_generate_await_id(|| Ok("_abc".into()));
    let mut end = raw::client(settings).await;
    let mut call = end.socket.send_await(json!({ "foo": "bar", "a": null }));
    assert!(futures::poll!(&mut call).is_pending());
    let seen = end.see().await;
    assert_eq!((seen.first, seen.masked), (0x81, true));
    assert_eq!(seen.payload, br#"{"awaitId":"_abc","foo":"bar","a":null}"#);
    end.say(0x81, br#"{"awaitId":"_abc","bar":"foo"}"#).await;
    assert_eq!(call.await.unwrap(), json!({ "bar": "foo" }));
}

#[tokio::test]
async fn nothing_prints_a_payload() {
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    let mut call = client.socket.send_await(json!({ "secret": "secret" }));
    assert!(futures::poll!(&mut call).is_pending());
    let event = server.next().await;
    let printed = format!("{event:?} {call:?} {client:?}", client = client.socket);
    assert!(!printed.contains("secret"), "{printed}");
    let raw: Payload = Payload::Text("secret".to_owned());
    let data: Value = json!("secret");
    assert!(!format!("{raw:?} {:?}", Data::from(data)).contains("secret"));
}

/// JavaScript gives 7.0 back as 7, and 2^53 + 1 as 2^53: the reply would be a
/// request of the peer's, and so on for ever where both ends answer everything.
#[tokio::test]
async fn a_number_that_javascript_changes_is_no_id() {
    for (number, fine) in [
        (json!(7), true),
        (json!(-7), true),
        (json!(0.5), true),
        (json!(9_007_199_254_740_992_u64), true),
        (json!(1e300), true),
        (json!(7.0), false),
        (json!(1e19), false),
        (json!(9_007_199_254_740_993_u64), false),
        (json!(u64::MAX), false),
    ] {
        let id = number.clone();
        let settings = Settings::new().with_generate_await_id(move || Ok(id.clone().into()));
        let (client, _server) = pair(settings, Settings::new()).await;
        let mut call = client.socket.send_await(json!({}));
        match futures::poll!(&mut call) {
            Poll::Ready(Err(error)) => {
                assert!(!fine, "{number}: {error}");
                assert!(error.to_string().contains("JavaScript"), "{error}");
            }
            other => assert!(fine && other.is_pending(), "{number}"),
        }
    }
}

/// What waits to be refused, say, is not charged for its id.
#[tokio::test]
async fn an_id_that_is_too_large_is_none() {
    let (long, too_long) = ("x".repeat(1024), "x".repeat(1025));
    let nested = json!({ "list": vec![0; 100] });
    let (client, mut server) = pair(Settings::new(), Settings::new()).await;
    for (id, taken) in [
        (json!(long), true),
        (json!(too_long), false),
        (nested, false),
    ] {
        let asked = client.socket.send(json!({ "awaitId": id, "q": 1 }));
        asked.await.unwrap();
        let event = server.next().await;
        assert_eq!(matches!(event, Event::MessageAwait(..)), taken);
        assert_eq!(matches!(event, Event::Error(_)), !taken);
    }
    // Nor does a call of ours have one.
    let settings = Settings::new().with_generate_await_id(move || Ok(too_long.clone().into()));
    let (client, _server) = pair(settings, Settings::new()).await;
    let error = client.socket.send_await(json!({})).await.unwrap_err();
    assert!(error.to_string().contains("1024"), "{error}");
}
