//! Replies in an order that is not that of the requests.

use await_layer::{Limits, TokioTimer};
use await_layer_protocols::ldap::{Entry, Found, Operation, Outcome};
use futures::TryStreamExt;
use futures::future::join_all;

use crate::programs::{patient, within};

use super::directory::{Directory, assert_complete, everybody, person, populate, remote};

/// Rounds in which `slapd`, which works on many operations at once, must have
/// mixed them up. It does so in nearly every one.
const ROUNDS: i32 = 100;

#[tokio::test]
async fn three_hundred_adds_at_once_get_their_own_results() {
    let Some(directory) = Directory::start("adds").await else {
        return;
    };
    within(async {
        let session = directory.connect(TokioTimer::new(), patient()).await;
        let (client, journal) = (session.client, session.journal);
        populate(&client, 1).await;
        for round in 0..ROUNDS {
            journal.lock().unwrap().clear();
            // One in three is new, one is there already, one has no parent.
            let adds = (0..300).map(|n| {
                let entry = match n % 3 {
                    0 => person(&format!("r{round}-{n}")),
                    1 => person("p0"),
                    _ => Entry::new(&format!("cn=x,ou=u{n},o=test"))
                        .with("objectClass", &["person"])
                        .with("cn", &["x"])
                        .with("sn", &["x"]),
                };
                let call = client.send_await::<Outcome>(&Operation::add(&entry));
                call.with_id(1 + 300 * round + n)
            });
            for (n, added) in (0..300).zip(join_all(adds).await) {
                match n % 3 {
                    0 => assert_eq!(added.unwrap(), Outcome::new(0, ""), "{n}"),
                    1 => assert_eq!(remote(added).code, 68, "{n}"),
                    _ => {
                        let orphan = remote(added);
                        assert_eq!((orphan.code, orphan.matched.as_str()), (32, "o=test"));
                    }
                }
            }
            let journal = journal.lock().unwrap();
            assert_eq!(journal.len(), 300);
            if !journal.is_sorted() {
                assert_eq!(client.stats().unknown, 0);
                return;
            }
        }
        panic!("the results came in the order of the requests, {ROUNDS} times");
    })
    .await;
}

#[tokio::test]
async fn searches_of_302_frames_interleave() {
    let Some(directory) = Directory::start("searches").await else {
        return;
    };
    within(async {
        let limits = Limits {
            max_parts: 1000,
            ..patient()
        };
        let session = directory.connect(TokioTimer::new(), limits).await;
        let (client, journal) = (session.client, session.journal);
        populate(&client, 300).await;
        for round in 0..ROUNDS {
            journal.lock().unwrap().clear();
            let searches = (1..=4).map(|n| {
                let search = client.send_stream::<Found>(&everybody());
                search.with_id(10 * round + n).try_collect::<Vec<_>>()
            });
            for found in join_all(searches).await {
                let found = found.unwrap();
                assert_eq!(found.len(), 302);
                assert_complete(found, 300);
            }
            let journal = journal.lock().unwrap();
            assert_eq!(journal.len(), 4 * 302);
            // One after another they would change hands three times.
            if journal.windows(2).filter(|pair| pair[0] != pair[1]).count() > 3 {
                let stats = client.stats();
                assert_eq!((stats.late_parts, stats.unknown), (0, 0));
                return;
            }
        }
        panic!("the searches came one after another, {ROUNDS} times");
    })
    .await;
}
