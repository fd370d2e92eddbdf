//! LDAP on OpenLDAP's `slapd`.

mod directory;
mod order;
mod withdrawn;

use await_layer::{CallError, Cause, Event, Sent, TokioTimer};
use await_layer_protocols::ldap::{
    Ber, Change, Filter, Found, Ldap, LdapFraming, Operation, Outcome, Scope,
};
use await_layer_tokio::Config;
use futures::future::{join_all, poll_immediate};
use futures::{StreamExt, TryStreamExt};

use directory::{Directory, everybody, person, populate, remote};

use crate::programs::{patient, within};

/// The directory's own description: it is there without a login.
fn root() -> Operation {
    Operation::search(
        "",
        Scope::Base,
        &Filter::present("objectClass"),
        &["supportedLDAPVersion"],
    )
}

#[tokio::test]
async fn a_login_and_a_goodbye() {
    let Some(directory) = Directory::start("login").await else {
        return;
    };
    within(async {
        let mut config = Config::new(LdapFraming::new(), Ldap::new());
        config.limits = patient();
        let address = ("127.0.0.1", directory.port);
        let layer = await_layer_tokio::connect(address, config).await.unwrap();
        let client = layer.handle();
        let found = client.send_stream::<Found>(&root());
        let found = found.try_collect::<Vec<_>>().await.unwrap();
        let [Found::Entry(root), Found::Done(_)] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(root.value("supportedLDAPVersion"), Some(&b"3"[..]));
        let wrong = Operation::bind("cn=admin,o=test", "wrong");
        assert_eq!(remote(client.send_await::<Outcome>(&wrong).await).code, 49);
        let login = Operation::bind("cn=admin,o=test", "secret");
        assert_eq!(client.send_await::<Outcome>(&login).await.unwrap().code, 0);
        // Nothing answers it; the directory closes.
        client.send(&Operation::unbind()).await.unwrap();
        assert_eq!(client.closed().await.cause(), Cause::Eof);
    })
    .await;
}

#[tokio::test]
async fn operations_of_every_kind_and_their_errors() {
    let Some(directory) = Directory::start("kinds").await else {
        return;
    };
    within(async {
        let client = directory.login().await;
        populate(&client, 1).await;
        let call = async |operation: Operation| client.send_await::<Outcome>(&operation).await;
        let again = remote(call(Operation::add(&person("p0"))).await);
        assert_eq!(again.code, 68);
        let orphan = Operation::delete("cn=x,ou=nowhere,o=test");
        let orphan = remote(call(orphan).await);
        assert_eq!((orphan.code, orphan.matched.as_str()), (32, "o=test"));
        let broken = remote(call(Operation::delete("no name")).await);
        assert_eq!((broken.code, broken.text.as_str()), (34, "invalid DN"));

        let dn = "cn=p0,ou=people,o=test";
        let modify = Operation::modify(dn, Change::Replace, "sn", &[b"new"]);
        assert_eq!(call(modify).await.unwrap().code, 0);
        // No error, and not success.
        for (value, code) in [("new", 6), ("old", 5)] {
            let assertion = Ber::new().bytes(0x04, "sn").bytes(0x04, value);
            let compare = Ber::new().bytes(0x04, dn).nested(0x30, &assertion);
            let compared = call(Operation::new(0x6e, compare)).await.unwrap();
            assert_eq!(compared.code, code);
        }
        let who = Operation::extended("1.3.6.1.4.1.4203.1.11.3", None);
        let who = client.send_await::<Operation>(&who).await.unwrap();
        let mut values = who.content.values();
        let mut values = std::iter::from_fn(|| values.any());
        let who = values.find(|(tag, _)| *tag == 0x8b);
        assert_eq!(who, Some((0x8b, &b"dn:cn=admin,o=test"[..])));
        assert_eq!(call(Operation::delete(dn)).await.unwrap().code, 0);
        let gone = Operation::search(dn, Scope::Base, &Filter::equal("sn", "new"), &[]);
        let gone = client
            .send_stream::<Found>(&gone)
            .try_collect::<Vec<_>>()
            .await;
        assert_eq!(remote(gone).code, 32);
    })
    .await;
}

#[tokio::test]
async fn pages_fit_the_limit_on_parts() {
    let Some(directory) = Directory::start("pages").await else {
        return;
    };
    within(async {
        let client = directory.login().await;
        populate(&client, 300).await;
        let mut cookie = Vec::new();
        let mut pages = Vec::new();
        loop {
            let page = Ber::new().integer(0x02, 50).bytes(0x04, &cookie);
            let page = Ber::new().nested(0x30, &page);
            let search = everybody().control("1.2.840.113556.1.4.319", true, page.as_bytes());
            let found = client.send_stream::<Operation>(&search);
            let found = found.try_collect::<Vec<_>>().await.unwrap();
            pages.push(found.len() - 1);
            // The last brings a control with where to go on.
            let controls = &found[found.len() - 1].controls;
            let mut control = controls.values().nested(0x30).unwrap();
            assert_eq!(control.text(0x04), Some("1.2.840.113556.1.4.319"));
            let value = Ber::new().bytes(0x30, control.bytes(0x04).unwrap());
            let mut page = value.values().nested(0x30).unwrap().nested(0x30).unwrap();
            assert!(page.integer(0x02).is_some());
            cookie = page.bytes(0x04).unwrap().to_vec();
            if cookie.is_empty() {
                break;
            }
        }
        assert_eq!(pages, [50, 50, 50, 50, 50, 50, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_notice_is_a_message_and_comes_before_the_end() {
    let Some(directory) = Directory::start("notice").await else {
        return;
    };
    within(async {
        let session = directory.connect(TokioTimer::new(), patient()).await;
        let (client, mut incoming) = (session.client, session.incoming);
        let goodbye = "cn=goodbye,ou=codes,o=test";
        let call = client.send_await::<Outcome>(&Operation::delete(goodbye));
        let notice = async {
            let Some(Event::Message(frame)) = incoming.next().await else {
                panic!("a notice comes");
            };
            let notice = client.unpack::<Operation>(frame);
            assert!(incoming.next().await.is_none());
            notice
        };
        let (call, notice) = tokio::join!(call, notice);
        // It bears a result code, and the id 0: no call's.
        let notice = remote(notice.map_err(CallError::<(), _>::Unpack));
        assert_eq!((notice.code, notice.text.as_str()), (52, "bye"));
        assert!(
            matches!(
                call,
                Err(CallError::Closed {
                    sent: Sent::Yes,
                    ..
                })
            ),
            "{call:?}"
        );
        assert_eq!(client.stats().unknown, 0);
    })
    .await;
}

#[tokio::test]
async fn a_directory_that_is_killed_ends_every_call() {
    let Some(mut directory) = Directory::start("killed").await else {
        return;
    };
    within(async {
        let client = directory.login().await;
        let written = client.stats().written;
        let stuck = Operation::delete("cn=stuck,ou=codes,o=test");
        let mut calls = join_all((0..200).map(|_| client.send_await::<Outcome>(&stuck)));
        while client.stats().written < written + 200 {
            let early = poll_immediate(&mut calls).await;
            assert!(early.is_none(), "{early:?}");
            tokio::task::yield_now().await;
        }
        directory.kill().await;
        let reason = client.closed().await;
        assert!(
            matches!(reason.cause(), Cause::Eof | Cause::Transport),
            "{reason}"
        );
        for ended in calls.await {
            match ended.unwrap_err() {
                CallError::Closed {
                    reason: why, sent, ..
                } => {
                    assert_eq!(why, reason);
                    assert_ne!(sent, Sent::No);
                }
                other => panic!("{other}"),
            }
        }
        assert_eq!(client.in_flight(), 0);
        let refused = client.send_await::<Outcome>(&stuck).await;
        assert!(matches!(
            refused,
            Err(CallError::Closed { sent: Sent::No, .. })
        ));
    })
    .await;
}
