//! Messages in fragments.

use await_layer_ws_await::{Data, Event, Payload, SendCause, SendOptions, Settings};
use serde_json::json;
use tokio::join;

use crate::pair::pair;
use crate::raw;

fn fin(fin: bool) -> SendOptions {
    SendOptions {
        fin: Some(fin),
        ..SendOptions::default()
    }
}

/// Defect 23 of the original: other messages get in between and all is ruined.
#[tokio::test]
async fn fragments_leave_behind_each_other_and_nothing_gets_between() {
    for (mut end, masked) in [
        (raw::client(Settings::new()).await, true),
        (raw::server(Settings::new()).await, false),
    ] {
        end.socket
            .send_with(Data::text("a"), fin(false))
            .await
            .unwrap();
        end.socket.send(Data::text("whole")).await.unwrap();
        end.socket
            .send_with(Data::text(""), fin(false))
            .await
            .unwrap();
        end.socket.ping("there?").await.unwrap();
        end.socket
            .send_with(Data::text("b"), fin(true))
            .await
            .unwrap();
        end.socket
            .send_with(Data::binary("alone"), fin(true))
            .await
            .unwrap();
        for (first, payload) in [
            (0x81, "whole"),
            (0x89, "there?"),
            (0x01, "a"),
            (0x00, ""),
            (0x80, "b"),
            (0x82, "alone"),
        ] {
            let seen = end.see().await;
            let text = String::from_utf8(seen.payload).unwrap();
            assert_eq!((seen.first, &*text, seen.masked), (first, payload, masked));
        }
    }
}

/// The id goes on the first fragment; what follows is part of the same object.
#[tokio::test]
async fn a_request_in_fragments_is_a_call_that_gets_its_reply() {
    // Leaves the object open, for the fragments that follow.
    let open = Settings::new().with_pack_message(|value| {
        let mut text = value.to_string();
        text.pop();
        Ok(Payload::Text(text))
    });
    let (client, mut server) = pair(open, Settings::new()).await;
    let call = client
        .socket
        .send_await_with(json!({ "first": 1 }), fin(false));
    let rest = async {
        // Not before the layer has the first one.
        let (part, last) = (Data::text(r#","second":2"#), Data::text("}"));
        client.socket.send_with(part, fin(false)).await.unwrap();
        client
            .socket
            .send(Data::text(r#""between""#))
            .await
            .unwrap();
        client.socket.send_with(last, fin(true)).await.unwrap();
    };
    let answer = async {
        assert_eq!(server.message().await, json!("between"));
        let Event::MessageAwait(data, ask) = server.next().await else {
            panic!("no request");
        };
        assert_eq!(data, json!({ "first": 1, "second": 2 }));
        // So can the answer.
        let begin = server
            .socket
            .res_await_with(json!({ "a": 1 }), ask, fin(false));
        begin.await.unwrap();
        server
            .socket
            .send_with(Data::text(" "), fin(true))
            .await
            .unwrap();
    };
    let (reply, (), ()) = join!(call, rest, answer);
    assert_eq!(reply.unwrap(), json!({ "a": 1 }));
}

#[tokio::test]
async fn a_fragment_that_does_not_fit_the_others_is_refused_alone() {
    let mut end = raw::client(Settings::new()).await;
    end.socket
        .send_with(Data::text("a"), fin(false))
        .await
        .unwrap();
    let error = end
        .socket
        .send_with(Data::binary("b"), fin(true))
        .await
        .unwrap_err();
    assert!(matches!(error.cause(), SendCause::Fragment(_)), "{error:?}");
    end.socket
        .send_with(Data::text("c"), fin(true))
        .await
        .unwrap();
    assert_eq!(end.see().await.payload, b"a");
    assert_eq!(end.see().await.payload, b"c");
}
