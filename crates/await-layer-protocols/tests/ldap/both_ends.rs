//! Both ends ours, and the testkit's suite.

use await_layer::{AwaitLayer, CallError, Event, Pack, memory};
use await_layer_protocols::ldap::{
    Ber, Change, Entry, Failure, Filter, Found, Ldap, Operation, Operations, Outcome, Scope,
};
use await_layer_testkit::conformance::{self, Samples, mangled};
use bytes::Bytes;
use futures::executor::block_on;
use futures::future::{Either, join, select};
use futures::{FutureExt, StreamExt};

fn everybody() -> Operation {
    Operation::search("o=x", Scope::Subtree, &Filter::present("cn"), &["cn", "sn"])
}

#[test]
fn ldap_conforms() {
    let entry = Entry::new("cn=é,o=x")
        .with("cn", &["é", "e"])
        .with("sn", &[]);
    let packed = |operation: &Operation| -> Bytes { Operations.pack(operation).unwrap() };
    let requests = [
        everybody(),
        everybody().control("1.2.840.113556.1.4.319", true, &[0; 300]),
        Operation::bind("cn=admin", "secret"),
        Operation::add(&entry),
        Operation::modify("cn=a", Change::Replace, "sn", &[b"b"]),
        Operation::delete("cn=a"),
        Operation::extended("1.3.6.1.4.1.4203.1.11.3", None),
        Operation::new(0x6e, Ber::new().bytes(0x04, "cn=a")),
    ];
    // A whole message, as it is on the wire.
    let frame = Ber::new().integer(0x02, 1 << 20);
    let frame = frame.nested(0x63, &everybody().content);
    let frame = Ber::new().nested(0x30, &frame);
    let hostile = mangled(frame.as_bytes(), 7).into_iter().map(Bytes::from);
    let samples = Samples::new(requests, [Outcome::new(0, ""), Outcome::new(6, "é")])
        .numbered()
        .plain([
            packed(&Operation::unbind()),
            packed(&Operation::new(0x78, Ber::new())),
        ])
        .unsealable([
            Bytes::new(),
            packed(&Operation::unbind()),
            packed(&Operation::found(&entry)),
            Bytes::from_static(b"\x30\x00"),
        ])
        .hostile(hostile);
    conformance::protocol(Ldap::new, &samples);
}

#[test]
fn a_search_streams_its_entries_and_ends_with_its_result() {
    let (left, right) = memory::pair(8);
    let client = AwaitLayer::new(left, Ldap::new()).handle();
    let (_, mut requests) = AwaitLayer::new(right, Ldap::new()).split();
    let entry = |n: i32| Entry::new(&format!("cn={n}")).with("n", &[&n.to_string()]);
    let server = async {
        while let Some(Event::Request(mut search)) = requests.next().await {
            for n in 0..10 {
                let found = Operation::found(&entry(n));
                search.responder.reply_part(&found).await.unwrap();
            }
            let urls = Ber::new().bytes(0x04, "ldap://a").bytes(0x04, "ldap://b");
            let elsewhere = Operation::new(0x73, urls);
            search.responder.reply_part(&elsewhere).await.unwrap();
            // A result of another kind is none of a responder's parts.
            let result = search.responder.reply_part(&Outcome::new(0, "")).await;
            assert!(result.is_err());
            search
                .responder
                .reply(&Outcome::new(4, "enough"))
                .await
                .unwrap();
        }
    };
    let found = client
        .send_stream::<Found>(&everybody())
        .collect::<Vec<_>>();
    let found = async {
        let found = found.await;
        client.close().await;
        found
    };
    let (found, ()) = block_on(join(found, server));
    assert_eq!(found.len(), 12);
    for (n, found) in (0..).zip(&found[..10]) {
        assert_eq!(*found, Ok(Found::Entry(entry(n))));
    }
    let urls = ["ldap://a", "ldap://b"].map(str::to_owned);
    assert_eq!(found[10], Ok(Found::Elsewhere(urls.into())));
    let enough = Outcome::new(4, "enough");
    assert_eq!(found[11], Err(CallError::Unpack(Failure::Remote(enough))));
}

#[test]
fn what_is_abandoned_is_not_answered_and_what_comes_late_is_counted() {
    let (left, right) = memory::pair(64);
    let client = AwaitLayer::new(left, Ldap::new()).handle();
    let (_, mut requests) = AwaitLayer::new(right, Ldap::new()).split();
    let mut next = || {
        let event = requests.next().now_or_never().flatten();
        match event {
            Some(Event::Request(request)) => request.responder,
            other => panic!("{other:?}"),
        }
    };
    let mut search = client.send_stream::<Found>(&everybody());
    assert!(search.next().now_or_never().is_none());
    let mut first = next();
    let found = Operation::found(&Entry::new("cn=a"));
    for _ in 0..3 {
        first.reply_part(&found).now_or_never().unwrap().unwrap();
    }
    // The three are on their way.
    drop(search);
    let mut asked = client.send_await::<Outcome>(&Operation::delete("cn=a"));
    assert!((&mut asked).now_or_never().is_none());
    let second = next();
    assert!(first.is_cancelled());
    assert!(
        first
            .reply(&Outcome::new(0, ""))
            .now_or_never()
            .unwrap()
            .is_err()
    );
    second
        .reply(&Outcome::new(0, ""))
        .now_or_never()
        .unwrap()
        .unwrap();
    assert_eq!(asked.now_or_never().unwrap(), Ok(Outcome::new(0, "")));
    let stats = client.stats();
    assert_eq!((stats.late_parts, stats.late, stats.unknown), (3, 0, 0));
    assert_eq!(stats.cancelled, 1);
}

#[test]
fn what_nobody_takes_is_refused_by_the_result_it_waits_for() {
    let (left, right) = memory::pair(64);
    let client = AwaitLayer::new(left, Ldap::new()).handle();
    let mut server = AwaitLayer::new(right, Ldap::new());
    for request in [
        everybody(),
        Operation::bind("", ""),
        Operation::delete("cn=a"),
        Operation::extended("1.2", Some(b"x")),
    ] {
        let call = client.send_await::<Operation>(&request);
        let refused = match block_on(select(call, server.next())) {
            Either::Left((refused, _)) => refused,
            Either::Right(_) => panic!("the server has ended"),
        };
        match refused {
            Err(CallError::Unpack(Failure::Remote(outcome))) => assert_eq!(outcome.code, 51),
            other => panic!("{other:?}"),
        }
    }
}
