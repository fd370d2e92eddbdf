//! Both ends ours, over memory.

use std::convert::Infallible;

use await_layer::{AwaitLayer, CallError, Event, Limits, ManualTimer, Refused, memory, serve};
use await_layer_protocols::msgpack_rpc::{Failure, Method, MsgpackRpc, Outcome, Received};
use futures::executor::block_on;
use futures::{FutureExt, StreamExt, future, join};
use std::time::Duration;

#[test]
fn both_ends_ask_under_the_same_id() {
    let (left, right) = memory::pair(8);
    let (ada, from_bob) = AwaitLayer::new(left, MsgpackRpc).split();
    let (bob, from_ada) = AwaitLayer::new(right, MsgpackRpc).split();
    let answer = |name: &'static str| {
        async move |request: Received| {
            let answer = request.params::<(u64,)>().map(|(n,)| (name.to_owned(), n));
            Ok::<_, Infallible>(answer)
        }
    };
    let asked = async {
        let one = ada
            .send_await::<(String, u64)>(&Method("ask", (1,)))
            .with_id(7);
        let two = bob
            .send_await::<(String, u64)>(&Method("ask", (2,)))
            .with_id(7);
        let (one, two) = join!(one, two);
        assert_eq!(one.unwrap(), ("bob".to_owned(), 1));
        assert_eq!(two.unwrap(), ("ada".to_owned(), 2));
        ada.close().await;
    };
    let (served, answered) = (
        serve(from_bob, 4, answer("ada")),
        serve(from_ada, 4, answer("bob")),
    );
    block_on(async { join!(asked, served, answered) });
}

#[test]
fn notifications_and_errors_arrive_as_they_are() {
    let (left, right) = memory::pair(8);
    let ada = AwaitLayer::new(left, MsgpackRpc).handle();
    let (bob, mut from_ada) = AwaitLayer::new(right, MsgpackRpc).split();
    let call = ada.send_await::<()>(&Method("fail", ()));
    let talk = async {
        ada.send(&Method("note", ("é",))).await.unwrap();
        call.await
    };
    let listen = async {
        let Some(Event::Message(note)) = from_ada.next().await else {
            panic!("no note");
        };
        let note: Received = bob.unpack(note).unwrap();
        assert_eq!(note.params(), Ok(("é".to_owned(),)));
        let Some(Event::Request(request)) = from_ada.next().await else {
            panic!("no request");
        };
        let no = Outcome::<(), _>::Err((0, "no"));
        request.responder.reply(&no).await.unwrap();
        // What nobody answers is refused.
        let Some(Event::Request(_)) = from_ada.next().await else {
            panic!("no request");
        };
        from_ada.next().now_or_never();
    };
    let both = async {
        let said = talk.await.unwrap_err();
        let CallError::Unpack(Failure::Remote(error)) = said else {
            panic!("{said:?}");
        };
        assert_eq!(error.get::<(u8, String)>().unwrap(), (0, "no".to_owned()));
        let dropped = ada.send_await::<()>(&Method("drop", ())).await.unwrap_err();
        assert!(dropped.to_string().contains("nobody answered"), "{dropped}");
    };
    block_on(future::join(both, listen));
}

#[test]
fn a_late_reply_reaches_nobody_and_frees_its_id() {
    let (left, right) = memory::pair(8);
    let timer = ManualTimer::new();
    let ada = AwaitLayer::with(left, MsgpackRpc, timer.clone(), Limits::default()).handle();
    let (_bob, mut from_ada) = AwaitLayer::new(right, MsgpackRpc).split();
    let slow = || ada.send_await::<u8>(&Method("slow", ())).with_id(7);
    let mut call = slow().timeout(Duration::from_millis(5));
    assert!((&mut call).now_or_never().is_none());
    timer.advance(Duration::from_millis(5));
    let expired = call.now_or_never();
    assert!(matches!(expired, Some(Err(CallError::Timeout { .. }))));
    // The id rests.
    let refused = slow().now_or_never();
    let Some(Err(CallError::Refused {
        why: Refused::IdInUse,
        ..
    })) = refused
    else {
        panic!("{refused:?}");
    };
    let Some(Some(Event::Request(request))) = from_ada.next().now_or_never() else {
        panic!("no request");
    };
    let late = request.responder.reply(&Outcome::<u8>::Ok(1));
    late.now_or_never().unwrap().unwrap();
    assert!(ada.closed().now_or_never().is_none());
    assert_eq!((ada.stats().late, ada.stats().replied), (1, 0));
    assert!(slow().now_or_never().is_none());
    assert!(from_ada.next().now_or_never().is_some());
}
