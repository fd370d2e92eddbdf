//! What runs the tasks.

use std::future::Future;
use std::sync::Arc;
use std::thread;

use smol::Executor;
use tokio::sync::oneshot;

pub trait Runtime: Clone + Send + Sync + 'static {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Runs the future as a task, and waits for it.
    fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> {
        let (done, result) = oneshot::channel();
        self.spawn(async { drop(done.send(future.await)) });
        async { result.await.expect("the task does not panic") }
    }
}

/// The tokio runtime that one is in.
#[derive(Clone)]
pub struct Tokio;

impl Runtime for Tokio {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }
}

#[derive(Clone, Default)]
pub struct Smol {
    executor: Arc<Executor<'static>>,
}

impl Runtime for Smol {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.executor.spawn(task).detach();
    }
}

impl Smol {
    /// Runs `main` and what it spawns on so many threads, this one among them.
    pub fn block_on<T>(&self, threads: usize, main: impl Future<Output = T>) -> T {
        let (running, stopped) = smol::channel::bounded::<()>(1);

        thread::scope(|scope| {
            for _ in 1..threads {
                let stopped = stopped.clone();
                scope.spawn(|| {
                    smol::block_on(self.executor.run(async move {
                        stopped.recv().await.expect_err("nothing is sent");
                    }))
                });
            }
            let result = smol::block_on(self.executor.run(main));
            drop(running);
            result
        })
    }
}
