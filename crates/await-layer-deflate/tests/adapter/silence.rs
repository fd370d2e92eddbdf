//! Signs of life that only this transport can tell, and its own clock.

use std::time::Duration;

use await_layer::{Cause, Limits, ManualTimer};
use await_layer_deflate::tungstenite::Message;
use await_layer_deflate::{Config, Event, Frame, KeepAlive, Role, WebSocketError};
use futures::{SinkExt, StreamExt};
use tokio::time::{Instant, sleep};
use tokio_test::{assert_pending, task};

use crate::pair::transport;
use crate::raw::{AGREED, raw, raw_layer};

/// The opcode.
const PING: u8 = 9;

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

#[tokio::test(start_paused = true)]
async fn parts_of_a_message_are_signs_of_life() {
    let (layer, mut peer) = raw_layer(Role::Client, AGREED, watched());
    let (handle, mut incoming) = layer.split();
    let talk = async {
        peer.frame(0x01, b"so").await;
        for _ in 0..10 {
            sleep(INTERVAL - Duration::from_secs(1)).await;
            peer.frame(0x00, b" so").await;
        }
        peer.frame(0x80, b".").await;
        // Not asked in all that time.
        handle.send(&Frame::text("words")).await.unwrap();
        peer.see().await
    };
    let (seen, event) = tokio::join!(talk, incoming.next());
    let Some(Event::Message(frame)) = event else {
        panic!("no message");
    };
    let text = format!("so{}.", " so".repeat(10));
    assert_eq!((seen.first, frame), (0x81, Frame::text(text)));
}

#[tokio::test(start_paused = true)]
async fn half_a_frame_is_no_sign_of_life() {
    let (layer, mut peer) = raw_layer(Role::Client, None, watched());
    let handle = layer.handle();
    let start = Instant::now();
    let trickle = async {
        peer.say(&[0x81, 100]).await;
        loop {
            peer.say(b"x").await;
            sleep(Duration::from_secs(1)).await;
        }
    };
    let reason = tokio::select! {
        reason = handle.closed() => reason,
        () = trickle => unreachable!(),
    };
    assert_eq!(
        (reason.cause(), start.elapsed()),
        (Cause::Silent, INTERVAL * 3)
    );
}

/// The transport by itself, on a clock that is not tokio's.
#[tokio::test]
async fn the_transport_ends_with_an_error_of_its_own_on_any_clock() {
    let config = watched();
    let (ours, mut peer) = raw(Role::Server, None, &config);
    let timer = ManualTimer::new();
    let mut ours = task::spawn(ours.kept_alive(config.keep_alive, timer.clone()));
    for _ in 0..2 {
        assert_pending!(ours.poll_next());
        timer.advance(INTERVAL);
        assert!(ours.is_woken());
        assert_pending!(ours.poll_next());
        assert_eq!(peer.see().await.first, 0x80 | PING);
    }
    peer.masked(0x8A, b"").await;
    for asked in [true, true, false] {
        assert_pending!(ours.poll_next());
        timer.advance(INTERVAL);
        if asked {
            assert_pending!(ours.poll_next());
            assert_eq!(peer.see().await.first, 0x80 | PING);
        }
    }
    let end = ours.next().await;
    let Some(Err(WebSocketError::Silent(reason))) = end else {
        panic!("{end:?}");
    };
    assert_eq!(reason.cause(), Cause::Silent);
    assert!(ours.next().await.is_none());
    let after = ours.send(Frame::text("words")).await;
    assert_eq!(after, Err(WebSocketError::Closed(reason)));
    ours.close().await.unwrap();
    drop(ours);
    assert!(peer.is_at_end().await);
}

#[tokio::test]
async fn who_sees_pings_is_kept_alive_too() {
    let (ours, mut peer) = transport().await;
    let timer = ManualTimer::new();
    let ours = ours.with_pings();
    let mut ours = task::spawn(ours.kept_alive(watched().keep_alive, timer.clone()));
    for _ in 0..10 {
        assert_pending!(ours.poll_next());
        timer.advance(INTERVAL);
        assert_pending!(ours.poll_next());
        assert_eq!(
            peer.next().await.unwrap().unwrap(),
            Message::Ping("".into())
        );
        peer.flush().await.unwrap();
        let pong = ours.next().await.unwrap().unwrap();
        assert_eq!(pong.into_message(), Message::Pong("".into()));
    }
}
