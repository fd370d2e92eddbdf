//! Commands and their replies.

use await_layer::CallError;
use await_layer_protocols::resp::{Failure, Value};
use await_layer_tokio::Call;
use futures::FutureExt;
use futures::future::join_all;

use super::{Redis, Server, run, text};

#[tokio::test]
async fn hello_tells_which_version_is_spoken() {
    let Some(mut server) = Server::start("redis-hello") else {
        return;
    };
    let redis = server.connect().await.handle();
    let Value::Map(facts) = run(&redis, &["HELLO", "3"]).await else {
        panic!("no map");
    };
    assert!(facts.contains(&(text("server"), text("redis"))));
    assert!(facts.contains(&(text("proto"), Value::Integer(3))));
}

#[tokio::test]
async fn two_hundred_calls_at_once_get_their_own_replies() {
    let Some(mut server) = Server::start("redis-many") else {
        return;
    };
    let redis = server.connect().await.handle();
    let calls = (0..200).map(|n| {
        let words = ["ECHO".to_owned(), format!("{n}\r\n{n}")];
        let call = redis.send_await::<Value>(&words);
        async move { (words, call.await.unwrap()) }
    });
    for ([_, said], echo) in join_all(calls).await {
        assert_eq!(echo.as_str(), Some(&*said));
    }
}

#[tokio::test]
async fn a_command_that_waits_holds_up_those_behind_it() {
    let Some(mut server) = Server::start("redis-order") else {
        return;
    };
    let redis = server.connect().await.handle();
    let other = server.connect().await.handle();
    let pop: Call<Value, _> = redis.send_await(&["BLPOP", "queue", "0"]);
    let ping: Call<Value, _> = redis.send_await(&["PING"]);
    let mut both = join_all([pop, ping]);
    assert!((&mut both).now_or_never().is_none());
    while !blocked(&other).await {
        assert!((&mut both).now_or_never().is_none());
    }
    run(&other, &["RPUSH", "queue", "first"]).await;
    let replies: Result<Vec<_>, _> = both.await.into_iter().collect();
    let popped = Value::List(vec![text("queue"), text("first")]);
    assert!(replies.unwrap() == [popped, text("PONG")]);
}

/// Whether the server holds somebody up.
async fn blocked(redis: &Redis) -> bool {
    let info = run(redis, &["INFO", "clients"]).await;
    info.as_str()
        .is_some_and(|info| info.contains("blocked_clients:1"))
}

#[tokio::test]
async fn errors_fail_their_call_and_inner_ones_are_values() {
    let Some(mut server) = Server::start("redis-errors") else {
        return;
    };
    let redis = server.connect().await.handle();
    run(&redis, &["SET", "text", "x"]).await;
    for (words, code) in [
        (&["LPUSH", "text", "1"][..], "WRONGTYPE"),
        (&["NONSENSE"], "ERR"),
        (&["EVALSHA", "0", "0"], "NOSCRIPT"),
    ] {
        match redis.send_await::<Value>(words).await.unwrap_err() {
            CallError::Unpack(Failure::Remote(error)) => assert_eq!(error.code(), code),
            other => panic!("{words:?}: {other}"),
        }
    }
    run(&redis, &["MULTI"]).await;
    assert!(run(&redis, &["INCR", "text"]).await == text("QUEUED"));
    assert!(run(&redis, &["INCR", "n"]).await == text("QUEUED"));
    let Value::List(outcomes) = run(&redis, &["EXEC"]).await else {
        panic!("no list");
    };
    assert!(
        matches!(&outcomes[..], [Value::Error(error), Value::Integer(1)] if error.code() == "ERR")
    );
}

#[tokio::test]
async fn every_kind_of_value_is_read() {
    let Some(mut server) = Server::start("redis-values") else {
        return;
    };
    let redis = server.connect().await.handle();
    let is = |value: &Value, kind: &str| match kind {
        // The reply that an attribute stands before is a text.
        "string" | "bignum" | "verbatim" | "attrib" => value.as_str().is_some(),
        "integer" => matches!(value, Value::Integer(_)),
        "double" => matches!(value, Value::Double(_)),
        "null" => matches!(value, Value::Null),
        "true" => *value == Value::Boolean(true),
        "false" => *value == Value::Boolean(false),
        "map" => matches!(value, Value::Map(pairs) if pairs.len() == 3),
        "array" | "set" => matches!(value, Value::List(items) if items.len() == 3),
        _ => panic!("what is a {kind}?"),
    };
    for kind in [
        "string", "integer", "double", "null", "array", "set", "map", "attrib", "verbatim",
        "bignum", "true", "false",
    ] {
        let value = run(&redis, &["DEBUG", "PROTOCOL", kind]).await;
        assert!(is(&value, kind), "{kind}: {value:?}");
    }
    let large = "é\0\r\n".repeat(100_000);
    run(&redis, &["SET", "large", &large]).await;
    assert!(run(&redis, &["GET", "large"]).await == text(&large));
}
