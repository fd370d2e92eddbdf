//! Both ends ours, over memory.

use await_layer::memory::{self, Duplex};
use await_layer::{AwaitLayer, CallError, DefaultTimer, Event, Incoming, Link, Staged};
use await_layer_protocols::graphql_ws::{
    ErrorObject, Errors, Failure, GraphqlWs, Operation, Outcome, Received, Session,
};
use futures::StreamExt;
use futures::executor::block_on;
use futures::future::{join, join_all};
use serde_json::{Value, json};

type Connection = Link<Staged<Duplex<String>, Session<String>>, GraphqlWs, DefaultTimer>;

fn ends() -> (await_layer::Handle<Connection>, Incoming<Connection>) {
    let (left, right) = memory::pair(8);
    let client = AwaitLayer::new(Staged::new(left, Session::client()), GraphqlWs).handle();
    let server = AwaitLayer::new(Staged::new(right, Session::server()), GraphqlWs);
    (client, server.split().1)
}

/// Answers every operation with its number, as often as it says.
async fn serve(mut incoming: Incoming<Connection>) {
    while let Some(event) = incoming.next().await {
        let Event::Request(request) = event else {
            continue;
        };
        let (operation, mut responder) = request.unpack::<Received>().unwrap();
        let [number, times]: [u64; 2] = operation.variables().unwrap();
        let data: Outcome<u64> = Ok(number);
        match operation.query.as_str() {
            "query" => responder.reply(&data).await.unwrap(),
            "subscription" => {
                for _ in 0..times {
                    responder.reply_part(&data).await.unwrap();
                }
                responder.end().await.unwrap();
            }
            _ => {
                responder.reply_part(&data).await.unwrap();
                let errors = Errors(["one", "two"].map(ErrorObject::new).to_vec());
                responder
                    .reply(&Outcome::<Value>::Err(errors))
                    .await
                    .unwrap();
            }
        }
    }
}

#[test]
fn many_operations_at_once_get_their_own_results() {
    let (client, server) = ends();
    let asking = async {
        let singles = (0..100).map(async |number: u64| {
            let query = Operation::single("query", [number, 1]);
            assert_eq!(client.send_await::<u64>(&query).await.unwrap(), number);
        });
        let streams = (0..20).map(async |number: u64| {
            let subscription = Operation::streamed("subscription", [number, number]);
            let parts = client.send_stream::<u64>(&subscription);
            let parts: Vec<_> = parts.map(Result::unwrap).collect().await;
            assert_eq!(parts, vec![number; number as usize]);
        });
        join(join_all(singles), join_all(streams)).await;
        let stats = client.stats();
        assert_eq!((stats.replied, stats.late, stats.unknown), (120, 0, 0));
        client.close().await
    };
    block_on(join(asking, serve(server)));
}

#[test]
fn errors_end_a_stream_after_its_parts() {
    let (client, server) = ends();
    let asking = async {
        let broken = Operation::streamed("broken", [7, 1]);
        let mut parts = client.send_stream::<Value>(&broken);
        assert_eq!(parts.next().await.unwrap().unwrap(), json!(7));
        match parts.next().await.unwrap().unwrap_err() {
            CallError::Unpack(Failure::Remote(Errors(errors))) => {
                assert_eq!(errors, ["one", "two"].map(ErrorObject::new));
            }
            other => panic!("{other:?}"),
        }
        assert!(parts.next().await.is_none());
        client.close().await
    };
    block_on(join(asking, serve(server)));
}
