//! Behind tower's buffer: many tasks share one service.

use std::error::Error;

use await_layer::Sent;
use await_layer_tower::CallFault;
use serde_json::{Value, json};
use tokio::task::{JoinHandle, yield_now};
use tower::buffer::Buffer;
use tower::{BoxError, Service as _, ServiceBuilder, ServiceExt as _};

use crate::end::{End, Joint, Service, end};

type Buffered = Buffer<Value, <Service as tower::Service<Value>>::Future>;

fn buffered(end: &End) -> Buffered {
    ServiceBuilder::new().buffer(8).service(end.service.clone())
}

fn ask(service: &Buffered, n: u64) -> JoinHandle<Result<Value, BoxError>> {
    tokio::spawn(service.clone().oneshot(json!({ "n": n })))
}

/// Lets all tasks have their turns.
async fn settle() {
    for _ in 0..32 {
        yield_now().await;
    }
}

fn fault(error: &BoxError) -> &CallFault<Joint> {
    let mut error: &(dyn Error + 'static) = &**error;
    loop {
        match error.downcast_ref() {
            Some(fault) => return fault,
            None => error = error.source().expect("the reason of a call"),
        }
    }
}

#[tokio::test]
async fn calls_line_up_and_those_that_are_dropped_are_not_made() {
    let end = end(1);
    let service = buffered(&end);
    let mut calls: Vec<_> = (0..4).map(|n| ask(&service, n)).collect();
    settle().await;
    calls.remove(2).abort();
    for (call, n) in calls.into_iter().zip([0, 1, 3]) {
        settle().await;
        let written = end.remote.take_written();
        assert_eq!(written.len(), 1);
        end.remote.feed(written[0].clone());
        assert_eq!(call.await.unwrap().unwrap(), json!({ "n": n }));
    }
    assert_eq!(end.handle.stats().calls, 3);
    // It keeps no permit while nobody calls.
    let mut other = end.service.clone();
    let other = tokio::spawn(other.ready().await.expect("a permit").call(json!({})));
    settle().await;
    assert_eq!(end.written(), 1);
    other.abort();
}

#[tokio::test]
async fn the_end_of_the_connection_reaches_those_in_line_and_those_to_come() {
    let end = end(1);
    let service = buffered(&end);
    let mut calls: Vec<_> = (0..3).map(|n| ask(&service, n)).collect();
    settle().await;
    assert_eq!(end.written(), 1);
    end.remote.end();
    settle().await;
    calls.push(ask(&service, 3));
    for (call, sent) in calls
        .into_iter()
        .zip([Sent::Yes, Sent::No, Sent::No, Sent::No])
    {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(fault(&error).sent(), sent, "{error}");
    }
}
