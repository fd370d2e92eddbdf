//! Pings and pongs as events.

use await_layer_ws_await::{Event, SendCause, Settings};
use futures::StreamExt;

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
