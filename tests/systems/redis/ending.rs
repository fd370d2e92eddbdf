//! Calls that get no reply, and connections that end.

use std::time::Duration;

use await_layer::{CallError, Cause, Sent};
use await_layer_protocols::resp::Value;
use futures::FutureExt;
use futures::future::join_all;

use crate::programs::expired;

use super::{Server, run, text};

#[tokio::test]
async fn late_replies_reach_nobody_and_shift_nothing() {
    let Some(mut server) = Server::start("redis-late") else {
        return;
    };
    let redis = server.connect().await.handle();
    let other = server.connect().await.handle();
    let pop = || redis.send_await::<Value>(&["BLPOP", "queue", "0"]);
    // Nobody pushes before it runs out of time.
    let late = pop().timeout(Duration::from_secs(100));
    match expired(late).await.unwrap_err() {
        CallError::Timeout { sent, .. } => assert_eq!(sent, Sent::Yes),
        other => panic!("{other}"),
    }
    let mut dropped = pop();
    assert!((&mut dropped).now_or_never().is_none());
    drop(dropped);
    let mut ping = redis.send_await::<Value>(&["PING"]);
    assert!((&mut ping).now_or_never().is_none());
    run(&other, &["RPUSH", "queue", "late", "dropped"]).await;
    assert!(ping.await.unwrap() == text("PONG"));
    let stats = redis.stats();
    assert_eq!((stats.late, stats.unknown), (2, 0));
    assert_eq!((stats.expired, stats.cancelled), (1, 1));
}

#[tokio::test]
async fn every_call_ends_with_the_reason_when_redis_is_killed() {
    let Some(mut server) = Server::start("redis-killed") else {
        return;
    };
    let redis = server.connect().await.handle();
    let pop = || redis.send_await::<Value>(&["BLPOP", "queue", "0"]);
    let mut calls = join_all((0..20).map(|_| pop()));
    assert!((&mut calls).now_or_never().is_none());
    server.process.kill().await.unwrap();
    let outcomes = calls.await;
    let why = redis.close_reason().expect("it is closed");
    // The system says which, by what Redis had read by then.
    assert!(matches!(why.cause(), Cause::Eof | Cause::Transport));
    for outcome in outcomes {
        match outcome.unwrap_err() {
            CallError::Closed { reason, .. } => assert_eq!(reason, why),
            other => panic!("{other}"),
        }
    }
    assert_eq!(redis.in_flight(), 0);
}

#[tokio::test]
async fn a_goodbye_is_a_reply_and_then_the_end() {
    let Some(mut server) = Server::start("redis-quit") else {
        return;
    };
    let redis = server.connect().await.handle();
    assert!(run(&redis, &["QUIT"]).await == text("OK"));
    assert_eq!(redis.closed().await.cause(), Cause::Eof);
}
