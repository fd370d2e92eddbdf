//! Requests and replies, compressed.

use std::convert::Infallible;

use await_layer_deflate::{Config, Deflate, With};
use futures::future::join_all;
use futures::join;
use serde_json::{Value, json};

use super::session::{Session, compress, config, session, settings};
use crate::session::{Role, echo};

#[tokio::test]
async fn two_hundred_each_way_at_once_are_compressed_and_answered() {
    for &role in Role::both() {
        for keeps_context in [true, false] {
            let deflate = Deflate {
                threshold: 0,
                ..config(keeps_context).deflate.unwrap()
            };
            let config = Config {
                deflate: Some(deflate),
                ..config(keeps_context)
            };
            let session = session(role, settings(), config).await;
            let Session {
                handle,
                incoming,
                mut node,
                record,
            } = session;
            let answer = async |data: Value| Ok::<_, Infallible>(echo(&data));
            let serving = await_layer::serve(incoming, 64, answer);
            let talk = async {
                let asking = join_all((0..200).map(async |n| {
                    let sent = json!({ "ask": n, "pad": "y".repeat(n * 20) });
                    let reply: Value = handle.send_await(&sent).await.unwrap();
                    assert_eq!(reply, echo(&sent));
                }));
                let (_, asked) = join!(
                    asking,
                    node.run("ask", json!({ "count": 200, "size": 2000 }))
                );
                assert_eq!(asked["right"], 200, "{asked}");
                handle.close().await
            };
            join!(serving, talk);
            for frames in [record.read(), record.written()] {
                assert_eq!(frames.len(), 400);
                assert!(frames.iter().all(|frame| frame.rsv1));
                let bytes: u64 = frames.iter().map(|frame| frame.length).sum();
                assert!(bytes < 100_000, "{bytes}");
            }
        }
    }
}

#[tokio::test]
async fn a_call_and_an_answer_have_options_of_their_own() {
    for &role in Role::both() {
        let session = session(role, settings(), config(true)).await;
        let Session {
            handle,
            mut incoming,
            mut node,
            record,
        } = session;
        for compressed in [true, false] {
            let sent = json!({ "ask": 1 });
            let call = With(&sent, compress(compressed));
            let reply: Value = handle.send_await(&call).await.unwrap();
            assert_eq!(reply, echo(&sent));

            node.tell("ask", json!({ "count": 1 })).await;
            let Some(await_layer_deflate::Event::Request(request)) =
                futures::StreamExt::next(&mut incoming).await
            else {
                panic!("no request");
            };
            let (data, responder) = request.unpack::<Value>().expect("it is JSON");
            let answer = With(echo(&data), compress(compressed));
            responder.reply(&answer).await.unwrap();
            assert_eq!(node.event("ask").await["right"], 1);
        }
        let bits: Vec<_> = record.written().iter().map(|frame| frame.rsv1).collect();
        assert_eq!(bits, [true, true, false, false], "{role:?}");
    }
}
