//! Answers that nobody waits for any more.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use await_layer::{CallError, Handle, Limits, ManualTimer, Sent, TokioTimer};
use await_layer_protocols::ldap::{Found, Operation, Outcome};
use futures::{StreamExt, TryStreamExt};

use crate::programs::{patient, within};

use super::directory::{Client, Directory, Journal, assert_complete, everybody, person, populate};

/// Something has come over the wire, which the client need not have seen. The
/// task is woken for the client, which drives.
async fn arrival(journal: &Journal) {
    poll_fn(|_| match journal.lock().unwrap().is_empty() {
        true => Poll::Pending,
        false => Poll::Ready(()),
    })
    .await;
}

/// The connection goes on, and what is behind the late frames is whole.
async fn assert_usable(client: &Handle<impl Client>, people: usize) {
    let added = Operation::add(&person(&format!("p{people}")));
    assert_eq!(
        client.send_await::<Outcome>(&added).await,
        Ok(Outcome::new(0, ""))
    );
    let found = client.send_stream::<Found>(&everybody());
    assert_complete(found.try_collect().await.unwrap(), people + 1);
}

#[tokio::test]
async fn frames_after_an_abandon_are_dropped_and_counted() {
    let Some(directory) = Directory::start("abandon").await else {
        return;
    };
    within(async {
        let limits = Limits {
            max_parts: 1000,
            ..patient()
        };
        let session = directory.connect(TokioTimer::new(), limits).await;
        let client = session.client;
        populate(&client, 300).await;
        let before = client.stats();
        session.journal.lock().unwrap().clear();
        session.gate.send_replace(false);
        let mut search = client.send_stream::<Found>(&everybody());
        tokio::select! {
            biased;
            early = search.next() => panic!("{early:?}"),
            () = arrival(&session.journal) => {}
        }
        drop(search);
        session.gate.send_replace(true);
        assert_usable(&client, 300).await;
        let stats = client.stats();
        // The search, the abandon, and what was asked afterwards.
        assert_eq!(stats.written, before.written + 4);
        assert_eq!(stats.cancelled, 1);
        assert!(stats.late_parts > 0, "{stats:?}");
        // Each is known for what it is: none was taken for a reply to nothing.
        assert_eq!(stats.unknown, 0);
    })
    .await;
}

#[tokio::test]
async fn a_result_after_the_timeout_is_counted_and_reaches_nobody() {
    let Some(directory) = Directory::start("timeout").await else {
        return;
    };
    within(async {
        let timer = ManualTimer::new();
        let session = directory.connect(timer.clone(), Limits::default()).await;
        let client = session.client;
        populate(&client, 10).await;
        let before = client.stats();
        session.journal.lock().unwrap().clear();
        session.gate.send_replace(false);
        let mut call = client.send_await::<Outcome>(&Operation::delete("cn=nobody,o=test"));
        tokio::select! {
            biased;
            early = &mut call => panic!("{early:?}"),
            () = arrival(&session.journal) => {}
        }
        timer.advance(Duration::from_secs(11));
        let error = call.await.unwrap_err();
        assert!(
            matches!(
                error,
                CallError::Timeout {
                    sent: Sent::Yes,
                    ..
                }
            ),
            "{error}"
        );
        session.gate.send_replace(true);
        assert_usable(&client, 10).await;
        let stats = client.stats();
        // The call, the abandon, and what was asked afterwards.
        assert_eq!(stats.written, before.written + 4);
        assert_eq!((stats.expired, stats.late, stats.unknown), (1, 1, 0));
    })
    .await;
}
