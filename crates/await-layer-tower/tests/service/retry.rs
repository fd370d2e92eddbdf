//! tower's retry, asking `sent()`.

use std::future::{Ready, ready};
use std::time::Duration;

use await_layer::{CallError, Sent};
use serde_json::json;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok};
use tower::retry::Policy;
use tower::{Service as _, ServiceBuilder, ServiceExt as _};

use crate::end::end;

/// Repeats, so many times, what was certainly not written.
#[derive(Clone)]
struct Unsent(usize);

impl<Q: Clone, R, F, E> Policy<Q, R, CallError<F, E>> for Unsent {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut Q, result: &mut Result<R, CallError<F, E>>) -> Option<Ready<()>> {
        let unsent = matches!(result, Err(error) if error.sent() == Sent::No);
        self.0 = self.0.checked_sub(1)?;
        unsent.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &Q) -> Option<Q> {
        Some(request.clone())
    }
}

const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_was_not_written_is_sent_again() {
    let end = end(1);
    let mut service = ServiceBuilder::new()
        .retry(Unsent(2))
        .service(end.service.clone());
    end.remote.allow(0);
    let mut call = spawn(
        service
            .ready()
            .await
            .expect("a permit")
            .call(json!({"n": 1})),
    );
    assert_pending!(call.poll());
    end.timer.advance(TIMEOUT);
    assert_pending!(call.poll());
    assert_eq!(end.written(), 0);
    end.remote.allow_all();
    assert_pending!(call.poll());
    end.echo();
    assert_eq!(assert_ready_ok!(call.poll()), json!({"n": 1}));
    let stats = end.handle.stats();
    assert_eq!((stats.calls, stats.expired, stats.written), (2, 1, 1));
}

#[tokio::test]
async fn what_may_have_been_executed_is_not() {
    let end = end(1);
    let mut service = ServiceBuilder::new()
        .retry(Unsent(2))
        .service(end.service.clone());
    let mut call = spawn(
        service
            .ready()
            .await
            .expect("a permit")
            .call(json!({"n": 1})),
    );
    assert_pending!(call.poll());
    assert_eq!(end.written(), 1);
    end.timer.advance(TIMEOUT);
    let error = assert_ready_err!(call.poll());
    assert_eq!(error.sent(), Sent::Yes);
    assert_eq!(end.handle.stats().calls, 1);
}

#[tokio::test]
async fn a_connection_that_has_ended_is_retried_no_more_than_was_said() {
    let end = end(1);
    let mut service = ServiceBuilder::new()
        .retry(Unsent(2))
        .service(end.service.clone());
    end.remote.allow(0);
    let mut call = spawn(
        service
            .ready()
            .await
            .expect("a permit")
            .call(json!({"n": 1})),
    );
    assert_pending!(call.poll());
    end.remote.end();
    let error = assert_ready_err!(call.poll());
    assert!(matches!(error, CallError::Closed { sent: Sent::No, .. }));
    assert_eq!(end.handle.stats().calls, 1);
}
