//! A peer that goes without a word, on a paused clock.

use std::time::Duration;

use await_layer::{CallError, Cause, KeepAlive, Limits, Sent};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::Message;

use super::{Bare, Config, Frame, client};

const INTERVAL: Duration = Duration::from_secs(10);

fn watched() -> Config {
    Config {
        keep_alive: Some(KeepAlive {
            interval: INTERVAL,
            misses: 3,
        }),
        limits: Limits {
            call_timeout: Duration::MAX,
            close_timeout: Duration::MAX,
            ..Limits::default()
        },
        ..Config::default()
    }
}

/// The opcodes of what the peer finds when it looks after all. It does not
/// answer: whom to?
async fn opcodes(mut peer: Bare) -> Vec<u8> {
    let mut bytes = Vec::new();
    peer.get_mut().read_to_end(&mut bytes).await.unwrap();
    let mut rest = &bytes[..];
    let mut opcodes = Vec::new();
    while let [first, length, ..] = *rest {
        opcodes.push(first & 15);
        // Two bytes, a mask, and a payload that is short.
        rest = &rest[6 + usize::from(length & 127)..];
    }
    opcodes
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_twice_and_given_up_in_three_intervals() {
    let (layer, peer) = client(watched()).await;
    let handle = layer.handle();
    let start = Instant::now();
    let error = handle
        .send_await::<Value>(&json!({ "q": 1 }))
        .await
        .unwrap_err();
    assert_eq!(start.elapsed(), INTERVAL * 3);
    let CallError::Closed { reason, sent, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((reason.cause(), sent), (Cause::Silent, Sent::Yes));
    assert_eq!(reason.text(), "no sign of life in 3 intervals of 10s");
    assert_eq!(opcodes(peer).await, [TEXT, PING, PING]);
}

#[tokio::test(start_paused = true)]
async fn what_goes_out_is_no_sign_of_the_peers_life() {
    let (layer, _peer) = client(watched()).await;
    let handle = layer.handle();
    let start = Instant::now();
    let talk = async {
        loop {
            handle.send(&Frame::text("still here")).await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
    };
    let reason = tokio::select! {
        biased;
        reason = handle.closed() => reason,
        () = talk => unreachable!(),
    };
    assert_eq!(
        (reason.cause(), start.elapsed()),
        (Cause::Silent, INTERVAL * 3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_only_answers_pings_lives() {
    let (layer, mut peer) = client(watched()).await;
    let handle = layer.handle();
    let quiet = sleep(INTERVAL * 100);
    tokio::pin!(quiet);
    let mut pings = 0;
    loop {
        tokio::select! {
            biased;
            () = &mut quiet => break,
            // Whoever reads answers.
            message = peer.next() => {
                assert_eq!(message.unwrap().unwrap(), Message::Ping("".into()));
                pings += 1;
            }
            reason = handle.closed() => panic!("{reason}"),
        }
    }
    assert!((98..=100).contains(&pings), "{pings}");
    assert_eq!(handle.close_reason(), None);
}

#[tokio::test(start_paused = true)]
async fn pings_of_the_peers_are_signs_of_life_and_it_is_not_asked() {
    let (layer, mut peer) = client(watched()).await;
    let handle = layer.handle();
    let talk = async {
        for _ in 0..100 {
            sleep(INTERVAL / 2).await;
            peer.send(Message::Ping("there?".into())).await.unwrap();
            let answer = peer.next().await.unwrap().unwrap();
            assert_eq!(answer, Message::Pong("there?".into()));
        }
    };
    tokio::select! {
        biased;
        () = talk => {}
        reason = handle.closed() => panic!("{reason}"),
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_the_close_frame_and_silence_ends_the_wait_for_the_answer() {
    let (layer, peer) = client(watched()).await;
    let handle = layer.handle();
    let start = Instant::now();
    assert_eq!(handle.close().await.cause(), Cause::Local);
    assert_eq!(start.elapsed(), INTERVAL * 3);
    assert_eq!(opcodes(peer).await, [CLOSE]);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_watched_unless_it_is_asked_for() {
    let config = Config {
        keep_alive: None,
        ..watched()
    };
    let (layer, peer) = client(config).await;
    let handle = layer.handle();
    tokio::select! {
        biased;
        reason = handle.closed() => panic!("{reason}"),
        () = sleep(INTERVAL * 10_000) => {}
    }
    drop((handle, layer));
    assert_eq!(opcodes(peer).await, [0_u8; 0]);
}
