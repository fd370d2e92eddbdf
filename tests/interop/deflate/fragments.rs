//! Messages in fragments, correlated when they are complete.

use await_layer_deflate::{Event, Frame, SendOptions};
use futures::{StreamExt, join};
use serde_json::{Value, json};

use super::session::{Session, config, session, settings};
use crate::session::{Role, echo};

fn part(text: &str, fin: bool, compress: bool) -> Frame {
    Frame::text(text).with_options(SendOptions {
        fin: Some(fin),
        compress: Some(compress),
        ..SendOptions::default()
    })
}

#[tokio::test]
async fn a_request_of_ours_in_fragments_is_answered_whatever_is_sent_meanwhile() {
    for &role in Role::both() {
        for compressed in [true, false] {
            let session = session(role, settings(), config(true)).await;
            let Session {
                handle,
                mut node,
                record,
                ..
            } = session;
            let call = handle.send_await::<Value>(&part(r#"{"ask":"#, false, compressed));
            let rest = async {
                handle.send(&json!("in between")).await.unwrap();
                handle.send(&part("", false, compressed)).await.unwrap();
                handle
                    .send(&part(r#"["what?"]}"#, true, compressed))
                    .await
                    .unwrap();
                let report = node
                    .run("report", json!({ "requests": 1, "messages": 1 }))
                    .await;
                assert_eq!(report["messages"], json!(["in between"]));
                assert_eq!(report["errors"], json!([]));
            };
            let (reply, ()) = join!(call, rest);
            assert_eq!(reply.unwrap(), echo(&json!({ "ask": ["what?"] })));
            let frames: Vec<_> = record
                .written()
                .iter()
                .map(|frame| (frame.opcode, frame.fin, frame.rsv1))
                .collect();
            let expected = [
                (1, true, false),
                (1, false, compressed),
                (0, false, false),
                (0, true, false),
            ];
            assert_eq!(frames, expected, "{role:?}");
        }
    }
}

#[tokio::test]
async fn a_message_of_the_originals_in_fragments_comes_whole() {
    for &role in Role::both() {
        for compress in [true, false] {
            let session = session(role, settings(), config(true)).await;
            let Session {
                mut incoming,
                mut node,
                record,
                ..
            } = session;
            let parts = [r#"{"awaitId":"_1","#, r#""a":"#, "1}"];
            for (at, text) in parts.iter().enumerate() {
                let fin = at + 1 == parts.len();
                let raw = json!({ "text": text, "fin": fin, "compress": compress });
                node.run("raw", raw).await;
            }
            let Some(Event::Request(request)) = incoming.next().await else {
                panic!("no request");
            };
            let (data, _) = request.unpack::<Value>().expect("it is JSON");
            assert_eq!(data, json!({ "a": 1 }));
            let bits: Vec<_> = record.read().iter().map(|frame| frame.rsv1).collect();
            assert_eq!(bits, [compress, false, false], "{role:?}");
        }
    }
}
