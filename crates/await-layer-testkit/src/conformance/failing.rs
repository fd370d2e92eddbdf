//! Calls that are refused, dropped or run out of time.

use std::pin::pin;
use std::time::Duration;

use await_layer::{CallError, Sent};
use futures_util::future::{Either, join, select};

use super::ends::{
    Ends, Failed, Tried, answer, answering, arrived, ask, both, driven, next_request,
};
use super::wire::TextError;

pub(super) async fn a_dropped_responder_refuses<F, A: Tried<F>, B: Tried<F>>(mut ends: Ends<A, B>) {
    let call = ends.here.send_await::<String>("nobody answers");
    let drops = async {
        drop(next_request(&mut ends.to_there).await.responder);
        // The refusal leaves with the next turn, whoever's it is.
        driven(&ends.there, std::future::pending::<()>()).await;
    };
    let Either::Left((outcome, _)) = select(call, pin!(drops)).await else {
        unreachable!("it waits for ever");
    };
    let refused = TextError::Refused("Dropped".to_owned());
    assert_eq!(outcome.err().map(unpacked), Some(Some(refused)));
    let next = async { answer(next_request(&mut ends.to_there).await).await };
    both(ask(&ends.here, "and the next"), next).await;
}

fn unpacked<F>(error: Failed<F>) -> Option<TextError> {
    match error {
        CallError::Unpack(error) => Some(error),
        _ => None,
    }
}

pub(super) async fn requests_that_nobody_takes_are_refused<F, A: Tried<F>, B: Tried<F>>(
    ends: Ends<A, B>,
) {
    drop(ends.to_there);
    let call = ends.here.send_await::<String>("is anybody there?");
    let outcome = driven(&ends.there, call).await;
    let refused = TextError::Refused("Busy".to_owned());
    assert_eq!(outcome.err().map(unpacked), Some(Some(refused)));
}

pub(super) async fn a_dropped_call_is_cancelled<F, A: Tried<F>, B: Tried<F>>(mut ends: Ends<A, B>) {
    let call = ends.here.send_await::<String>("forget it");
    let (call, mut request) = arrived(call, &mut ends.to_there).await;
    drop(call);
    assert_eq!(ends.here.in_flight(), 0);
    driven(&ends.here, request.responder.cancelled()).await;
    assert!(request.responder.is_cancelled());
    drop(request);
    answering(ends.to_there, ask(&ends.here, "and the next")).await;
    assert_eq!(ends.here.stats().cancelled, 1);
}

pub(super) async fn a_late_reply_reaches_nobody<F, A: Tried<F>, B: Tried<F>>(mut ends: Ends<A, B>) {
    let mut time = Duration::from_millis(20);
    loop {
        let call = ends.here.send_await::<String>("take your time");
        match call.timeout(time).await {
            // A slow machine: not even written.
            Err(CallError::Timeout { sent: Sent::No, .. }) => time *= 2,
            Err(CallError::Timeout { .. }) => break,
            other => panic!("no timeout though nobody has answered: {}", other.is_ok()),
        }
    }
    let late = async { answer(next_request(&mut ends.to_there).await).await };
    driven(&ends.here, late).await;
    let next = async { answer(next_request(&mut ends.to_there).await).await };
    join(ask(&ends.here, "and the next"), next).await;
    let stats = ends.here.stats();
    assert_eq!((stats.replied, stats.late + stats.unknown), (1, 1));
}
