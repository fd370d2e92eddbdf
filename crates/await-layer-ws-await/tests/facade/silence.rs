//! A peer that goes without a word, on a paused clock.

use std::time::Duration;

use await_layer_ws_await::{AwaitError, Cause, Config, Deflate, Event, KeepAlive, Sent, Settings};
use futures::StreamExt;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep};

use crate::raw::{self, Raw};

const INTERVAL: Duration = Duration::from_secs(10);

/// On both transports.
fn watched() -> [Config; 2] {
    let settings = Settings::new().with_await_timeout(Duration::MAX);
    let plain = Config {
        keep_alive: Some(KeepAlive {
            interval: INTERVAL,
            misses: 3,
        }),
        ..settings.into()
    };
    let deflating = Config {
        deflate: Some(Deflate::default()),
        ..plain.clone()
    };
    [plain, deflating]
}

async fn is_pinged_and_given_up(mut end: Raw) {
    let start = Instant::now();
    let error = end.socket.send_await(json!({ "q": 1 })).await.unwrap_err();
    assert_eq!(start.elapsed(), INTERVAL * 3);
    let AwaitError::ConnectionClose(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (error.reason.cause(), error.sent),
        (Cause::Silent, Sent::Yes)
    );
    for first in [0x81, 0x89, 0x89] {
        assert_eq!(end.see().await.first, first);
    }
    let events: Vec<_> = end.events.collect().await;
    let Some(Event::Close(reason)) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!(reason.cause(), Cause::Silent);
    drop(end.socket);
    assert_eq!(end.wire.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_pinged_and_given_up_in_time() {
    for config in watched() {
        is_pinged_and_given_up(raw::client(config).await).await;
    }
}

#[tokio::test(start_paused = true)]
async fn so_is_a_silent_client() {
    for config in watched() {
        is_pinged_and_given_up(raw::server(config).await).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_only_answers_pings_lives_and_its_pongs_are_events() {
    for config in watched() {
        let mut end = raw::client(config).await;
        for _ in 0..20 {
            let ping = end.see().await;
            assert_eq!((ping.first, ping.payload), (0x89, vec![]));
            end.say(0x8A, b"").await;
            loop {
                match end.events.next().await {
                    Some(Event::Open) => {}
                    Some(Event::Pong(payload)) => break assert!(payload.is_empty()),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_watched_unless_it_is_asked_for() {
    for config in watched() {
        let config = Config {
            keep_alive: None,
            ..config
        };
        let end = raw::client(config).await;
        tokio::select! {
            biased;
            reason = end.socket.closed() => panic!("{reason}"),
            () = sleep(INTERVAL * 1000) => {}
        }
    }
}
