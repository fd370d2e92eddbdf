//! Under tower's limits and timeout, on tokio's paused clock.

use std::time::Duration;

use serde_json::json;
use tokio::time::advance;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok};
use tower::load_shed::error::Overloaded;
use tower::timeout::error::Elapsed;
use tower::{Service as _, ServiceBuilder, ServiceExt as _};

use crate::end::end;

#[tokio::test(start_paused = true)]
async fn timeout_ends_a_call_and_cancels_it() {
    let end = end(1);
    let mut service = ServiceBuilder::new()
        .timeout(Duration::from_secs(5))
        .service(end.service.clone());
    let mut call = spawn(service.ready().await.expect("a permit").call(json!({})));
    assert_pending!(call.poll());
    assert_eq!((end.written(), end.handle.in_flight()), (1, 1));
    advance(Duration::from_millis(4_999)).await;
    assert_pending!(call.poll());
    advance(Duration::from_millis(1)).await;
    assert!(assert_ready_err!(call.poll()).is::<Elapsed>());
    drop(call);
    assert_eq!(end.handle.stats().cancelled, 1);
    // Its permit is there for the next, once somebody has driven.
    assert_pending!(spawn(end.handle.driver()).poll());
    let mut call = spawn(
        service
            .ready()
            .await
            .expect("a permit")
            .call(json!({"n": 2})),
    );
    assert_pending!(call.poll());
    end.echo();
    assert_eq!(assert_ready_ok!(call.poll()), json!({"n": 2}));
}

#[tokio::test(start_paused = true)]
async fn rate_limit_spaces_calls() {
    let end = end(8);
    let mut service = ServiceBuilder::new()
        .rate_limit(2, Duration::from_secs(1))
        .service(end.service.clone());
    for n in 0..2 {
        let mut call = spawn(
            service
                .ready()
                .await
                .expect("in the rate")
                .call(json!({"n": n})),
        );
        assert_pending!(call.poll());
        end.echo();
        assert_eq!(assert_ready_ok!(call.poll()), json!({"n": n}));
    }
    assert_pending!(spawn(service.ready()).poll());
    advance(Duration::from_millis(999)).await;
    assert_pending!(spawn(service.ready()).poll());
    advance(Duration::from_millis(1)).await;
    assert_ready_ok!(spawn(service.ready()).poll());
}

#[tokio::test]
async fn load_shed_fails_at_once_what_would_wait_for_a_permit() {
    let end = end(1);
    let mut service = ServiceBuilder::new()
        .load_shed()
        .service(end.service.clone());
    let mut first = spawn(service.ready().await.expect("always").call(json!({"n": 1})));
    assert_pending!(first.poll());
    let mut shed = spawn(service.ready().await.expect("always").call(json!({"n": 2})));
    assert!(assert_ready_err!(shed.poll()).is::<Overloaded>());
    // The service waits for a permit beside the first call now.
    assert_pending!(first.poll());
    end.echo();
    assert_eq!(assert_ready_ok!(first.poll()), json!({"n": 1}));
    let mut third = spawn(service.ready().await.expect("always").call(json!({"n": 3})));
    assert_pending!(third.poll());
    end.echo();
    assert_eq!(assert_ready_ok!(third.poll()), json!({"n": 3}));
    assert_eq!(end.handle.stats().calls, 2);
}

#[tokio::test]
async fn load_shed_keeps_no_permit_in_clones_that_are_made_for_each_call() {
    let end = end(1);
    let service = ServiceBuilder::new()
        .load_shed()
        .service(end.service.clone());
    for n in 0..3 {
        let mut call = spawn(service.clone().oneshot(json!({ "n": n })));
        assert_pending!(call.poll());
        let mut shed = spawn(service.clone().oneshot(json!({ "n": 9 })));
        assert!(assert_ready_err!(shed.poll()).is::<Overloaded>());
        drop(shed);
        end.echo();
        assert_eq!(assert_ready_ok!(call.poll()), json!({ "n": n }));
    }
}

#[tokio::test]
async fn concurrency_limit_bounds_the_calls_of_all_its_clones() {
    let end = end(8);
    let mut service = ServiceBuilder::new()
        .concurrency_limit(2)
        .service(end.service.clone());
    let mut clone = service.clone();
    let mut first = spawn(service.ready().await.expect("one").call(json!({"n": 1})));
    assert_pending!(first.poll());
    let mut second = spawn(clone.ready().await.expect("two").call(json!({"n": 2})));
    assert_pending!(second.poll());
    assert_pending!(second.poll());
    assert_pending!(spawn(service.ready()).poll());
    assert_eq!(end.handle.in_flight(), 2);
    end.echo();
    // Whoever is polled drives for both.
    assert_eq!(assert_ready_ok!(second.poll()), json!({"n": 2}));
    assert_eq!(assert_ready_ok!(first.poll()), json!({"n": 1}));
    drop((first, second));
    assert_ready_ok!(spawn(service.ready()).poll());
}
