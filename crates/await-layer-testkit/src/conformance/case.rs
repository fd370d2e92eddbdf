//! One case, which a failure names.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use await_layer::{Sleep, Timer};
use futures_util::FutureExt;

/// Nanoseconds that a case on a transport may take. Far longer than any needs:
/// what is not done by then hangs.
const LIMIT: u64 = 30_000_000_000;

/// Runs one case.
#[track_caller]
pub(super) fn run(name: &str, case: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(case)) {
        fail(name, &*panic);
    }
}

/// Runs one case that waits.
pub(super) async fn run_within_limit<T: Timer>(
    name: &str,
    timer: &T,
    case: impl Future<Output = ()>,
) {
    let mut case = pin!(AssertUnwindSafe(case).catch_unwind());
    let mut sleep = timer.sleep();
    let until = timer.now().saturating_add(LIMIT);
    let done = poll_fn(|cx| match case.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => sleep.poll_until(until, cx).map(|()| None),
    });
    match done.await {
        Some(Ok(())) => {}
        Some(Err(panic)) => fail(name, &*panic),
        None => panic!("conformance case `{name}` hangs: not done in 30 s"),
    }
}

#[track_caller]
fn fail(name: &str, panic: &(dyn Any + Send)) -> ! {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    panic!("conformance case `{name}` failed: {said}");
}
