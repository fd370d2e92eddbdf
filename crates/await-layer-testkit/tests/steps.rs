//! The executor polls who is woken, in the order the seed says, and tells who
//! is stuck.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};

use await_layer_testkit::steps::{LocalFuture, Steps, Stuck, drive_bounded};
use futures::{SinkExt, StreamExt};

/// Pending once, having woken itself.
async fn turn() {
    let mut turned = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut turned, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The order in which three tasks of three turns each are polled.
fn trace(mut steps: Steps<'_>) -> (Vec<u8>, u64) {
    let log = Rc::new(RefCell::new(Vec::new()));
    for name in 0..3 {
        let log = Rc::clone(&log);
        steps.spawn(name.to_string(), async move {
            for _ in 0..3 {
                log.borrow_mut().push(name);
                turn().await;
            }
        });
    }
    let polls = steps.run(1_000).unwrap();
    drop(steps);
    (Rc::try_unwrap(log).unwrap().into_inner(), polls)
}

#[test]
fn without_a_seed_the_woken_take_turns() {
    let (order, polls) = trace(Steps::new());
    assert_eq!(order, [0, 1, 2, 0, 1, 2, 0, 1, 2]);
    assert_eq!(polls, 12);
}

#[test]
fn a_seed_gives_its_order_every_time_and_seeds_differ() {
    let orders: Vec<_> = (0..20).map(|seed| trace(Steps::seeded(seed))).collect();
    for (seed, order) in (0..).zip(&orders) {
        assert_eq!(trace(Steps::seeded(seed)), *order, "seed {seed}");
        assert_eq!(order.1, 12, "nobody is polled without being woken");
    }
    let different: std::collections::BTreeSet<_> = orders.iter().collect();
    assert!(different.len() > 10, "{}", different.len());
}

/// Two tasks of which only the first is ever woken; how often each is polled.
fn polls_of_waker_and_sleeper(mut steps: Steps<'_>) -> (Result<u64, Stuck>, u32, u32) {
    let (busy, idle) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let count = Rc::clone(&busy);
    steps.spawn("busy", async move {
        while count.replace(count.get() + 1) < 100 {
            turn().await;
        }
    });
    let count = Rc::clone(&idle);
    steps.spawn(
        "idle",
        poll_fn(move |_| {
            count.set(count.get() + 1);
            Poll::Pending
        }),
    );
    let result = steps.run(10_000);
    (result, busy.get(), idle.get())
}

#[test]
fn a_task_that_nobody_wakes_is_polled_once_and_named() {
    for steps in [Steps::new(), Steps::seeded(1)] {
        let (result, busy, idle) = polls_of_waker_and_sleeper(steps);
        assert_eq!((busy, idle), (101, 1));
        let Err(Stuck::Deadlock { left, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(left, ["idle"]);
    }
}

#[test]
fn spurious_polls_reach_sleepers_but_hide_no_deadlock() {
    let steps = Steps::seeded(1).spurious(0.5);
    let (result, _, idle) = polls_of_waker_and_sleeper(steps);
    assert!((20..200).contains(&idle), "{idle}");
    let error = result.unwrap_err().to_string();
    assert!(error.contains("these wait: idle"), "{error}");
}

/// A spurious poll follows a wake like any other: it leaves no second poll
/// behind that would hide a lost wake.
#[test]
fn a_wake_is_followed_once_even_by_a_spurious_poll() {
    for seed in 0..200 {
        let mut steps = Steps::seeded(seed).spurious(0.9);
        let polls = Rc::new(Cell::new(0));
        let count = Rc::clone(&polls);
        steps.spawn(
            "alone",
            poll_fn(move |cx| {
                count.set(count.get() + 1);
                if count.get() < 3 {
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }),
        );
        assert!(steps.run(100).is_err());
        assert_eq!(polls.get(), 3, "seed {seed}");
    }
}

#[test]
#[should_panic(expected = "spurious polls need a seed")]
fn spurious_polls_without_a_seed_panic() {
    let _ = Steps::new().spurious(0.1);
}

#[test]
fn the_bound_stops_tasks_that_wake_themselves_for_ever() {
    let mut steps = Steps::new();
    steps.spawn("spinner", async {
        loop {
            turn().await;
        }
    });
    let left = vec![String::from("spinner")];
    let stuck = Stuck::Exhausted { polls: 50, left };
    assert_eq!(steps.run(50), Err(stuck));
    assert_eq!(steps.polls(), 50);
}

#[test]
fn a_run_that_just_fits_its_bound_passes() {
    let mut steps = Steps::new();
    steps.spawn("two", turn());
    assert_eq!(steps.run(2), Ok(2));
    assert_eq!(steps.run(0), Ok(0), "nothing is left");
}

#[test]
fn wakes_while_polled_and_before_the_poll_count_once() {
    let mut steps = Steps::new();
    let slot: Rc<RefCell<Option<Waker>>> = Rc::default();
    let polls = Rc::new(Cell::new(0));
    let (kept, count) = (Rc::clone(&slot), Rc::clone(&polls));
    let task = steps.spawn(
        "waiter",
        poll_fn(move |cx| {
            *kept.borrow_mut() = Some(cx.waker().clone());
            count.set(count.get() + 1);
            Poll::Pending
        }),
    );
    assert_eq!(steps.step(), Some(task));
    assert_eq!(steps.step(), None);
    let waker = slot.borrow().clone().unwrap();
    waker.wake_by_ref();
    waker.wake_by_ref();
    assert_eq!(steps.step(), Some(task));
    assert_eq!(steps.step(), None);
    assert_eq!(polls.get(), 2);
    assert!(steps.cancel(task));
    assert!(!steps.cancel(task));
    waker.wake();
    assert_eq!(steps.step(), None, "a wake of what is gone is nothing");
    assert!(steps.is_done());
}

/// Notes when it is dropped.
struct Tracked(Rc<Cell<u32>>);

impl Drop for Tracked {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn cancelling_drops_the_task_at_once() {
    let drops = Rc::new(Cell::new(0));
    let mut steps = Steps::new();
    let tracked = Tracked(Rc::clone(&drops));
    let task = steps.spawn("waits", async move {
        let _tracked = tracked;
        pending::<()>().await;
    });
    assert!(steps.step().is_some());
    assert!(steps.lives(task));
    assert!(steps.cancel(task));
    assert_eq!(drops.get(), 1);
    assert!(!steps.lives(task));
    assert_eq!(steps.run(1), Ok(0));
}

#[test]
fn tasks_add_and_cancel_tasks() {
    let drops = Rc::new(Cell::new(0));
    let reached = Cell::new(false);
    let mut steps = Steps::new();
    let spawner = steps.spawner();
    let tracked = Tracked(Rc::clone(&drops));
    let victim = steps.spawn("victim", async move {
        let _tracked = tracked;
        pending::<()>().await;
    });
    let reached_too = &reached;
    steps.spawn("parent", async move {
        spawner.cancel(victim);
        let inner = spawner.clone();
        spawner.spawn("child", async move {
            turn().await;
            inner.spawn("grandchild", async move { reached_too.set(true) });
        });
        turn().await;
    });
    steps.run(100).unwrap();
    assert_eq!(drops.get(), 1);
    assert!(reached.get());
}

#[test]
fn a_task_may_cancel_itself() {
    let mut steps = Steps::new();
    let spawner = steps.spawner();
    let own = Rc::new(Cell::new(None));
    let id = Rc::clone(&own);
    let task = steps.spawn("self", async move {
        spawner.cancel(id.get().unwrap());
        turn().await;
        unreachable!("cancelled in its first poll");
    });
    own.set(Some(task));
    assert_eq!(steps.run(10), Ok(1));
}

#[test]
fn what_a_dropped_task_adds_is_run_and_nothing_outlives_the_executor() {
    struct Heir<'a>(await_layer_testkit::steps::Spawner<'a>, Rc<Cell<u32>>);
    impl Drop for Heir<'_> {
        fn drop(&mut self) {
            let tracked = Tracked(Rc::clone(&self.1));
            self.0.spawn("heir", async move {
                let _tracked = tracked;
                turn().await;
            });
        }
    }
    let drops = Rc::new(Cell::new(0));
    let mut steps = Steps::new();
    for _ in 0..2 {
        let heir = Heir(steps.spawner(), Rc::clone(&drops));
        steps.spawn("ancestor", async move {
            let _heir = heir;
            pending::<()>().await;
        });
    }
    let first = steps.step().unwrap();
    assert!(steps.cancel(first));
    assert!(steps.run(10).is_err(), "the second ancestor waits");
    assert_eq!(drops.get(), 1);
    drop(steps);
    assert_eq!(drops.get(), 2, "refused, and dropped");
    assert_eq!(Rc::strong_count(&drops), 1);
}

#[test]
fn drive_bounded_names_tasks_by_their_place() {
    let (mut a, mut b) = await_layer::memory::pair::<u8>(1);
    let futures: Vec<LocalFuture<'_>> = vec![
        Box::pin(async move {
            for n in 0..10 {
                a.send(n).await.unwrap();
            }
            pending::<()>().await;
            drop(a);
        }),
        Box::pin(async move { while b.next().await.is_some() {} }),
        Box::pin(turn()),
    ];
    let Err(Stuck::Deadlock { left, .. }) = drive_bounded(futures, 1_000) else {
        panic!("the sender never lets go");
    };
    assert_eq!(left, ["0", "1"]);
}

#[test]
fn thousands_of_tasks_and_a_wake_from_another_thread() {
    let mut steps = Steps::seeded(3).spurious(0.001);
    let done = Cell::new(0_u32);
    for n in 0..5_000 {
        let done = &done;
        steps.spawn(n.to_string(), async move {
            turn().await;
            done.set(done.get() + 1);
        });
    }
    steps.run(100_000).unwrap();
    assert_eq!(done.get(), 5_000);
    drop(steps);

    let mut steps = Steps::new();
    let slot: Rc<RefCell<Option<Waker>>> = Rc::default();
    let kept = Rc::clone(&slot);
    steps.spawn("waiter", async move {
        let mut woken = false;
        poll_fn(|cx| {
            *kept.borrow_mut() = Some(cx.waker().clone());
            if std::mem::replace(&mut woken, true) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    });
    assert!(steps.run(10).is_err());
    let waker = slot.borrow().clone().unwrap();
    std::thread::spawn(move || waker.wake()).join().unwrap();
    assert_eq!(steps.run(10), Ok(1));
}
