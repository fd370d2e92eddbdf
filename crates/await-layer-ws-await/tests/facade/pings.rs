//! Pings and pongs as events.

use await_layer_ws_await::{Config, Event, Limits, SendCause, Settings};
use futures::StreamExt;
use serde_json::json;

use crate::pair::pair;
use crate::raw::{self, Raw};

#[tokio::test]
async fn pings_and_pongs_are_events() {
    let (mut client, mut server) = pair(Settings::new(), Settings::new()).await;
    client.socket.ping("there?").await.unwrap();
    let ping = server.next().await;
    assert!(
        matches!(&ping, Event::Ping(payload) if payload == "there?"),
        "{ping:?}"
    );
    let pong = client.next().await;
    assert!(
        matches!(&pong, Event::Pong(payload) if payload == "there?"),
        "{pong:?}"
    );
    server.socket.pong("unasked").await.unwrap();
    let pong = client.next().await;
    assert!(
        matches!(&pong, Event::Pong(payload) if payload == "unasked"),
        "{pong:?}"
    );
    let error = client.socket.ping(vec![0; 126]).await.unwrap_err();
    assert!(matches!(
        error.cause(),
        SendCause::TooLarge { max: 125, .. }
    ));
    // Raising that would not help.
    assert!(!error.to_string().contains("max_message allows"), "{error}");
}

/// What a peer pings must not cost its messages, however few may wait.
#[tokio::test]
async fn pings_leave_room_for_messages() {
    let limits = Limits {
        max_inbound: 4,
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let (mut client, mut server) = pair(config, Settings::new()).await;
    // While it is pending what does not fit is dropped.
    let mut call = client.socket.send_await(json!({}));
    assert!(futures::poll!(&mut call).is_pending());
    for _ in 0..10 {
        server.socket.ping("").await.unwrap();
    }
    server.socket.send(json!("words")).await.unwrap();
    let Event::MessageAwait(data, ask) = server.next().await else {
        panic!("no request");
    };
    server.socket.res_await(data, ask).await.unwrap();
    call.await.unwrap();
    loop {
        match client.next().await {
            Event::Ping(_) => {}
            Event::Message(data) => break assert_eq!(data, json!("words")),
            other => panic!("{other:?}"),
        }
    }
}

/// All are answered; of those that nobody takes only some are kept.
#[tokio::test]
async fn a_flood_of_pings_is_answered_and_not_kept() {
    let mut end = raw::client(Settings::new()).await;
    for n in 0..100 {
        end.say(0x89, &[n]).await;
        let pong = end.see().await;
        assert_eq!((pong.first, pong.payload), (0x8A, vec![n]));
    }
    end.say(0x88, &[]).await;
    let Raw { events, .. } = end;
    let kinds: Vec<_> = events.collect().await;
    let pings = kinds.iter().filter(|event| matches!(event, Event::Ping(_)));
    assert_eq!(pings.count(), 16);
    assert!(matches!(kinds.last(), Some(Event::Close(reason)) if reason.code() == Some(1005)));
}
