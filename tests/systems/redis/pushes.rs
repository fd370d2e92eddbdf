//! What the server says unasked.

use await_layer::{CallError, Event};
use await_layer_protocols::resp::{Failure, Value};
use futures::{FutureExt, StreamExt};

use super::{Server, run, text};

#[tokio::test]
async fn messages_come_in_order_between_replies() {
    let Some(mut server) = Server::start("redis-messages") else {
        return;
    };
    let (redis, mut pushes) = server.connect().await.split();
    let subscribed = |kind: &str, channel: &str, count| {
        Value::List(vec![text(kind), text(channel), Value::Integer(count)])
    };
    let subscribe = run(&redis, &["SUBSCRIBE", "a", "b"]).await;
    assert!(subscribe == subscribed("subscribe", "b", 2));
    for n in 0..50 {
        let listeners = run(&redis, &["PUBLISH", "a", &n.to_string()]).await;
        assert!(listeners == Value::Integer(1));
    }
    assert!(run(&redis, &["PING"]).await == text("PONG"));
    let unsubscribe = run(&redis, &["UNSUBSCRIBE", "b", "a"]).await;
    assert!(unsubscribe == subscribed("unsubscribe", "a", 0));

    let mut next = || {
        let Some(Some(Event::Message(push))) = pushes.next().now_or_never() else {
            panic!("a push did not come before the reply that stands after it");
        };
        redis.unpack::<Value>(push).unwrap()
    };
    assert!(next() == subscribed("subscribe", "a", 1));
    for n in 0..50 {
        let message = vec![text("message"), text("a"), text(&n.to_string())];
        assert!(next() == Value::List(message));
    }
    assert!(next() == subscribed("unsubscribe", "b", 1));
    assert!(pushes.next().now_or_never().is_none());
}

#[tokio::test]
async fn a_subscription_that_is_not_allowed_fails_alone() {
    let Some(mut server) = Server::start("redis-acl") else {
        return;
    };
    let (redis, mut pushes) = server.connect().await.split();
    run(
        &redis,
        &["ACL", "SETUSER", "default", "resetchannels", "&open"],
    )
    .await;
    let refused = redis.send_await::<Value>(&["SUBSCRIBE", "open", "closed"]);
    let ping = redis.send_await::<Value>(&["PING"]);
    let open = redis.send_await::<Value>(&["PSUBSCRIBE", "open"]);
    let (refused, ping, open) = futures::join!(refused, ping, open);
    match refused.unwrap_err() {
        CallError::Unpack(Failure::Remote(error)) => {
            assert_eq!(error.code(), "NOPERM");
        }
        other => panic!("{other}"),
    }
    assert!(ping.unwrap() == text("PONG"));
    assert!(matches!(open.unwrap(), Value::List(_)));
    assert!(pushes.next().now_or_never().is_none());
}

#[tokio::test]
async fn a_push_of_another_kind_is_nobodys_reply() {
    let Some(mut server) = Server::start("redis-tracking") else {
        return;
    };
    let (redis, mut pushes) = server.connect().await.split();
    let other = server.connect().await.handle();
    run(&redis, &["CLIENT", "TRACKING", "ON"]).await;
    assert!(run(&redis, &["GET", "key"]).await == Value::Null);
    run(&other, &["SET", "key", "1"]).await;
    let Some(Event::Message(push)) = pushes.next().await else {
        panic!("no push");
    };
    let keys = Value::List(vec![text("key")]);
    let push: Value = redis.unpack(push).unwrap();
    assert!(push == Value::List(vec![text("invalidate"), keys]));
    assert!(run(&redis, &["GET", "key"]).await == text("1"));
}
