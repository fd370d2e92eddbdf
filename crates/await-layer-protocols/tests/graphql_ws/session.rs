//! The session, with the wire played by hand.

use await_layer::memory::{self, Duplex};
use await_layer::{AwaitLayer, CallError, DefaultTimer, Event, Handle, Incoming, Link, Staged};
use await_layer_protocols::graphql_ws::{GraphqlWs, Kind, Operation, Outcome, Received, Session};
use futures::executor::block_on;
use futures::future::poll_immediate;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};

type Connection = Link<Staged<Duplex<String>, Session<String>>, GraphqlWs, DefaultTimer>;

/// Our end, and the wire.
struct Bench {
    handle: Handle<Connection>,
    incoming: Incoming<Connection>,
    wire: Duplex<String>,
}

impl Bench {
    fn new(session: Session<String>) -> Self {
        let (left, wire) = memory::pair(64);
        let (handle, incoming) = AwaitLayer::new(Staged::new(left, session), GraphqlWs).split();
        Self {
            handle,
            incoming,
            wire,
        }
    }

    /// The client's end, with the handshake behind it.
    async fn client() -> Self {
        let mut bench = Self::new(Session::client());
        assert!(poll_immediate(bench.incoming.next()).await.is_none());
        assert_eq!(bench.written().await["type"], "connection_init");
        let ack = bench.told(json!({ "type": "connection_ack", "payload": { "you": 1 } }));
        let Some(Event::Message(ack)) = ack.await else {
            panic!("no acknowledgement");
        };
        assert_eq!(ack.kind(), Kind::ConnectionAck);
        assert_eq!(ack.payload(), Some(r#"{"you":1}"#));
        bench
    }

    /// The server's end likewise.
    async fn server() -> Self {
        let mut bench = Self::new(Session::server());
        let init = bench.told(json!({ "type": "connection_init", "payload": { "me": 1 } }));
        let Some(Event::Message(init)) = init.await else {
            panic!("no client");
        };
        assert_eq!(init.payload(), Some(r#"{"me":1}"#));
        assert_eq!(bench.written().await, json!({ "type": "connection_ack" }));
        bench
    }

    /// What there is to read next. Nothing drives.
    async fn written(&mut self) -> Value {
        let text = poll_immediate(self.wire.next()).await;
        let text = text.flatten().expect("something was written").unwrap();
        serde_json::from_str(&text).unwrap()
    }

    async fn wrote_nothing(&mut self) -> bool {
        poll_immediate(self.wire.next()).await.is_none()
    }

    /// What becomes of a message of the peer's, if anything.
    async fn told(&mut self, message: Value) -> Option<Event<Connection>> {
        self.wire.send(message.to_string()).await.unwrap();
        poll_immediate(self.incoming.next()).await.flatten()
    }

    /// Why the connection ends over a message of the peer's.
    async fn ended_by(mut self, message: &str) -> String {
        self.wire.send(message.to_owned()).await.unwrap();
        assert!(self.incoming.next().await.is_none());
        self.handle.close_reason().unwrap().to_string()
    }
}

#[test]
fn operations_wait_for_the_acknowledgement() {
    block_on(async {
        let session = Session::client_with(&json!({ "token": 7 })).unwrap();
        let mut bench = Bench::new(session);
        let first = Operation::single("{ first }", ());
        let second = Operation::single("{ second }", ());
        let mut first = bench.handle.send_await::<Value>(&first);
        let mut second = bench.handle.send_await::<Value>(&second);
        assert!(poll_immediate(&mut first).await.is_none());
        assert!(poll_immediate(&mut second).await.is_none());
        let init = json!({ "type": "connection_init", "payload": { "token": 7 } });
        assert_eq!(bench.written().await, init);
        // Never asked.
        drop(first);
        assert!(poll_immediate(&mut second).await.is_none());
        assert!(bench.wrote_nothing().await);
        bench.told(json!({ "type": "connection_ack" })).await;
        assert!(poll_immediate(&mut second).await.is_none());
        let asked = bench.written().await;
        assert_eq!(asked["type"], "subscribe");
        assert_eq!(asked["payload"]["query"], "{ second }");
        assert!(bench.wrote_nothing().await);
        let next = json!({ "type": "next", "id": asked["id"], "payload": { "data": 2 } });
        bench.told(next).await;
        assert_eq!(second.await.unwrap(), json!(2));
    });
}

#[test]
fn pings_are_answered_at_both_ends_and_at_any_time() {
    block_on(async {
        let mut waiting = Bench::new(Session::client());
        assert!(poll_immediate(waiting.incoming.next()).await.is_none());
        assert_eq!(waiting.written().await["type"], "connection_init");
        let server = Bench::new(Session::server());
        for mut bench in [waiting, server, Bench::client().await] {
            let ping = json!({ "type": "ping", "payload": { "n": [1] } });
            assert!(bench.told(ping).await.is_none());
            let pong = json!({ "type": "pong", "payload": { "n": [1] } });
            assert_eq!(bench.written().await, pong);
            assert!(bench.told(json!({ "type": "pong" })).await.is_none());
            assert!(bench.wrote_nothing().await);
        }
    });
}

#[test]
fn the_complete_after_a_single_result_is_no_reply_to_nothing() {
    block_on(async {
        let mut bench = Bench::client().await;
        let mut call = bench
            .handle
            .send_await::<Value>(&Operation::single("{ a }", ()));
        assert!(poll_immediate(&mut call).await.is_none());
        let asked = bench.written().await;
        let id = &asked["id"];
        bench
            .told(json!({ "type": "next", "id": id, "payload": { "data": 1 } }))
            .await;
        assert_eq!(call.await.unwrap(), json!(1));
        bench.told(json!({ "type": "complete", "id": id })).await;
        let stats = bench.handle.stats();
        assert_eq!((stats.replied, stats.late, stats.unknown), (1, 0, 0));
        // A second one is.
        bench.told(json!({ "type": "complete", "id": id })).await;
        assert_eq!(bench.handle.stats().late, 1);
        assert!(bench.wrote_nothing().await);
    });
}

/// A subscription, or a result in pieces: its results without an end would end
/// the connection as replies to nothing.
#[test]
fn the_server_is_told_when_a_single_result_is_not_the_last() {
    block_on(async {
        let mut bench = Bench::client().await;
        let mut call = bench
            .handle
            .send_await::<Value>(&Operation::single("{ a }", ()));
        assert!(poll_immediate(&mut call).await.is_none());
        let id = bench.written().await["id"].take();
        let next = json!({ "type": "next", "id": id, "payload": { "data": 1 } });
        bench.told(next.clone()).await;
        assert_eq!(call.await.unwrap(), json!(1));
        assert!(bench.wrote_nothing().await);
        for _ in 0..2 {
            bench.told(next.clone()).await;
        }
        let complete = json!({ "type": "complete", "id": id });
        assert_eq!(bench.written().await, complete);
        assert!(bench.wrote_nothing().await, "it is told once");
        assert_eq!(bench.handle.stats().late, 1);
    });
}

#[test]
fn an_id_may_be_used_again_before_its_complete_has_come() {
    block_on(async {
        let mut bench = Bench::client().await;
        for number in 1..=3 {
            let query = Operation::single("{ a }", ());
            let call = bench.handle.send_await::<Value>(&query);
            let mut call = call.with_id("mine".into());
            assert!(poll_immediate(&mut call).await.is_none());
            // It may be the one that drives.
            assert!(poll_immediate(bench.incoming.next()).await.is_none());
            assert_eq!(bench.written().await["id"], "mine");
            if number > 1 {
                // Of the one before.
                let complete = json!({ "type": "complete", "id": "mine" });
                bench.told(complete).await;
            }
            let payload = json!({ "data": number });
            bench
                .told(json!({ "type": "next", "id": "mine", "payload": payload }))
                .await;
            assert_eq!(call.await.unwrap(), json!(number));
        }
        let stats = bench.handle.stats();
        assert_eq!((stats.replied, stats.late, stats.unknown), (3, 0, 0));
    });
}

#[test]
fn an_operation_that_ends_without_a_result_ends_its_call() {
    block_on(async {
        let mut bench = Bench::client().await;
        let mut call = bench
            .handle
            .send_await::<Value>(&Operation::single("{ a }", ()));
        assert!(poll_immediate(&mut call).await.is_none());
        let id = bench.written().await["id"].take();
        bench.told(json!({ "type": "complete", "id": id })).await;
        assert!(matches!(call.await, Err(CallError::Ended)));
    });
}

#[test]
fn one_that_streams_is_not_for_a_single_call() {
    block_on(async {
        let mut bench = Bench::client().await;
        let streamed = Operation::streamed("subscription { a }", ());
        let mut call = bench.handle.send_await::<Value>(&streamed);
        assert!(poll_immediate(&mut call).await.is_none());
        let id = bench.written().await["id"].take();
        bench
            .told(json!({ "type": "next", "id": id, "payload": { "data": 1 } }))
            .await;
        assert!(matches!(call.await, Err(CallError::Streamed)));
        assert!(poll_immediate(bench.incoming.next()).await.is_none());
        assert_eq!(
            bench.written().await,
            json!({ "type": "complete", "id": id })
        );
    });
}

#[test]
fn results_after_a_cancel_are_dropped_and_counted() {
    block_on(async {
        let mut bench = Bench::client().await;
        let operation = Operation::streamed("subscription { a }", ());
        let mut parts = bench.handle.send_stream::<Value>(&operation);
        assert!(poll_immediate(parts.next()).await.is_none());
        let id = bench.written().await["id"].take();
        let next = json!({ "type": "next", "id": id, "payload": { "data": 1 } });
        bench.told(next.clone()).await;
        assert_eq!(parts.next().await.unwrap().unwrap(), json!(1));
        drop(parts);
        assert!(poll_immediate(bench.incoming.next()).await.is_none());
        assert_eq!(
            bench.written().await,
            json!({ "type": "complete", "id": id })
        );
        assert!(bench.told(next.clone()).await.is_none());
        assert!(bench.told(next).await.is_none());
        let stats = bench.handle.stats();
        assert_eq!((stats.cancelled, stats.late + stats.late_parts), (1, 2));
    });
}

#[test]
fn a_client_that_completes_hears_no_more() {
    block_on(async {
        let mut bench = Bench::server().await;
        let subscribe = json!({ "type": "subscribe", "id": "7", "payload": { "query": "{ a }" } });
        let Some(Event::Request(request)) = bench.told(subscribe).await else {
            panic!("no operation");
        };
        let (operation, mut responder) = request.unpack::<Received>().unwrap();
        assert_eq!(operation.query, "{ a }");
        let one: Outcome<u8> = Ok(1);
        responder.reply_part(&one).await.unwrap();
        let next = json!({ "type": "next", "id": "7", "payload": { "data": 1 } });
        assert_eq!(bench.written().await, next);
        assert!(
            bench
                .told(json!({ "type": "complete", "id": "7" }))
                .await
                .is_none()
        );
        assert!(responder.is_cancelled());
        responder.reply_part(&one).await.unwrap_err();
        responder.reply(&one).await.unwrap_err();
        assert!(bench.wrote_nothing().await);
    });
}

#[test]
fn a_server_s_only_result_is_completed_and_its_errors_are_not() {
    block_on(async {
        let mut bench = Bench::server().await;
        for (id, outcome) in [("a", Ok(1)), ("b", Err(()))] {
            let subscribe = json!({ "type": "subscribe", "id": id, "payload": { "query": "" } });
            let Some(Event::Request(request)) = bench.told(subscribe).await else {
                panic!("no operation");
            };
            match outcome {
                Ok(data) => request
                    .responder
                    .reply(&Outcome::<u8>::Ok(data))
                    .await
                    .unwrap(),
                // Nobody answers.
                Err(()) => drop(request),
            }
            assert!(poll_immediate(bench.incoming.next()).await.is_none());
        }
        let next = json!({ "type": "next", "id": "a", "payload": { "data": 1 } });
        assert_eq!(bench.written().await, next);
        assert_eq!(
            bench.written().await,
            json!({ "type": "complete", "id": "a" })
        );
        let error = bench.written().await;
        assert_eq!(
            (&error["type"], &error["id"]),
            (&json!("error"), &json!("b"))
        );
        assert_eq!(error["payload"].as_array().map(Vec::len), Some(1));
        assert!(bench.wrote_nothing().await);
    });
}

#[test]
fn whoever_breaks_the_rules_is_disconnected() {
    block_on(async {
        for noise in [
            "",
            "noise",
            "[]",
            r#"["a","next",{}]"#,
            r#"{"type":"nonsense"}"#,
            r#"{"type":"next","id":7,"payload":{}}"#,
            "{\"type\":\"ping\",\"payload\":}",
        ] {
            let reason = Bench::client().await.ended_by(noise).await;
            assert!(reason.contains("no message of the protocol"), "{reason}");
        }
        for message in [
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"next","payload":{}}"#,
            r#"{"type":"subscribe","id":"a","payload":{"query":""}}"#,
        ] {
            let reason = Bench::client().await.ended_by(message).await;
            assert!(reason.contains("out of turn"), "{reason}");
        }
        let subscribe = r#"{"type":"subscribe","id":"a","payload":{"query":""}}"#;
        let early = Bench::new(Session::server()).ended_by(subscribe).await;
        assert!(early.contains("out of turn"), "{early}");
        let twice = r#"{"type":"connection_init"}"#;
        let twice = Bench::server().await.ended_by(twice).await;
        assert!(twice.contains("out of turn"), "{twice}");
    });
}
