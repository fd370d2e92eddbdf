//! A small message that is large.

use await_layer::{CallError, Cause};
use serde_json::{Value, json};

use super::session::{Session, config, session, settings};
use crate::session::Role;

#[tokio::test]
async fn a_decompression_bomb_is_refused_at_the_message_limit() {
    for &role in Role::both() {
        let mut settings = settings();
        settings["answer"] = json!({ "how": "hold" });
        let session = session(role, settings, config(true)).await;
        let Session {
            handle,
            mut node,
            record,
            ..
        } = session;
        let call = handle.send_await::<Value>(&json!({ "ask": 1 }));
        let throw = async {
            node.run("report", json!({ "requests": 1 })).await;
            let bomb = json!({ "text": "0", "repeat": 100_000_000, "compress": true });
            node.tell("raw", bomb).await;
            node.event("closed").await
        };
        let (result, closed) = tokio::join!(call, throw);
        let Err(CallError::Closed { reason, .. }) = result else {
            panic!("{role:?}: {result:?}");
        };
        assert_eq!(
            (reason.cause(), reason.code()),
            (Cause::Transport, Some(1009))
        );
        assert!(
            reason.text().contains("max_message allows 1048576"),
            "{reason}"
        );
        assert_eq!(closed["code"], 1009, "{role:?}");
        // It did not have to come whole.
        assert!(record.read().is_empty(), "{role:?}: {:?}", record.read());
    }
}
