//! The tasks, and who of them was woken.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use super::LocalFuture;

/// A task of one [`Steps`](super::Steps). Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(u64);

/// Adds and cancels tasks from within tasks. What it is told is done after the
/// poll in which it was told, or before the next step. Once the
/// [`Steps`](super::Steps) is dropped, it does nothing.
pub struct Spawner<'a> {
    inbox: Rc<RefCell<Inbox<'a>>>,
}

pub(super) struct Task<'a> {
    name: String,
    pub(super) future: LocalFuture<'a>,
    bell: Arc<Bell>,
}

pub(super) struct Table<'a> {
    tasks: BTreeMap<TaskId, Task<'a>>,
    /// May name tasks that are gone.
    woken: Arc<Mutex<VecDeque<TaskId>>>,
    inbox: Rc<RefCell<Inbox<'a>>>,
}

struct Inbox<'a> {
    next_id: u64,
    orders: VecDeque<Order<'a>>,
    closed: bool,
}

enum Order<'a> {
    Spawn(TaskId, String, LocalFuture<'a>),
    Cancel(TaskId),
}

/// Puts its task in the queue, once until the next poll.
struct Bell {
    id: TaskId,
    queued: AtomicBool,
    woken: Arc<Mutex<VecDeque<TaskId>>>,
}

impl<'a> Spawner<'a> {
    /// Adds a task.
    pub fn spawn(&self, name: impl Into<String>, future: impl Future<Output = ()> + 'a) -> TaskId {
        let name = name.into();
        let future: LocalFuture<'a> = Box::pin(future);
        let mut inbox = self.inbox.borrow_mut();
        let id = TaskId(inbox.next_id);
        inbox.next_id += 1;
        if !inbox.closed {
            inbox.orders.push_back(Order::Spawn(id, name, future));
        }
        // Else the future is dropped here, and the inbox, younger, before it.
        id
    }

    /// Drops a task, be it the one that is being polled.
    pub fn cancel(&self, task: TaskId) {
        let mut inbox = self.inbox.borrow_mut();
        if !inbox.closed {
            inbox.orders.push_back(Order::Cancel(task));
        }
    }
}

impl<'a> Table<'a> {
    pub(super) fn new() -> Self {
        Self {
            tasks: BTreeMap::new(),
            woken: Arc::default(),
            inbox: Rc::new(RefCell::new(Inbox {
                next_id: 0,
                orders: VecDeque::new(),
                closed: false,
            })),
        }
    }

    pub(super) fn spawner(&self) -> Spawner<'a> {
        Spawner {
            inbox: Rc::clone(&self.inbox),
        }
    }

    /// Does what spawners were told, and what follows from that.
    pub(super) fn settle(&mut self) {
        loop {
            let order = self.inbox.borrow_mut().orders.pop_front();
            match order {
                None => return,
                Some(Order::Cancel(id)) => drop(self.tasks.remove(&id)),
                Some(Order::Spawn(id, name, future)) => {
                    let bell = Arc::new(Bell {
                        id,
                        queued: AtomicBool::new(false),
                        woken: Arc::clone(&self.woken),
                    });
                    bell.wake_by_ref();
                    self.tasks.insert(id, Task { name, future, bell });
                }
            }
        }
    }

    /// Takes a woken task's id off the queue; `pick` says which, of so many.
    pub(super) fn next_woken(&self, mut pick: impl FnMut(usize) -> usize) -> Option<TaskId> {
        let mut woken = lock(&self.woken);
        while !woken.is_empty() {
            let picked = pick(woken.len());
            let id = woken.swap_remove_front(picked)?;
            if self.tasks.contains_key(&id) {
                return Some(id);
            }
        }
        None
    }

    /// Any task's id, woken or not. A wake of it counts as followed.
    pub(super) fn any(&self, pick: impl FnOnce(usize) -> usize) -> Option<TaskId> {
        if self.tasks.is_empty() {
            return None;
        }
        let id = *self.tasks.keys().nth(pick(self.tasks.len()))?;
        lock(&self.woken).retain(|woken| *woken != id);
        Some(id)
    }

    /// Takes a task out to be polled; from here on it can be woken again.
    pub(super) fn take(&mut self, id: TaskId) -> Option<Task<'a>> {
        let task = self.tasks.remove(&id)?;
        task.bell.queued.store(false, Ordering::SeqCst);
        Some(task)
    }

    pub(super) fn put_back(&mut self, id: TaskId, task: Task<'a>) {
        self.tasks.insert(id, task);
    }

    pub(super) fn is_awake(&self) -> bool {
        let woken = lock(&self.woken);
        woken.iter().any(|id| self.tasks.contains_key(id))
    }

    pub(super) fn lives(&self, id: TaskId) -> bool {
        self.tasks.contains_key(&id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.tasks.values().map(|task| task.name.clone()).collect()
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        // Tasks hold spawners, and spawners tasks to be: undo the knot.
        let mut inbox = self.inbox.borrow_mut();
        inbox.closed = true;
        let orders = std::mem::take(&mut inbox.orders);
        drop(inbox);
        drop(orders);
    }
}

impl Task<'_> {
    pub(super) fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.bell))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::SeqCst) {
            lock(&self.woken).push_back(self.id);
        }
    }
}

impl Clone for Spawner<'_> {
    fn clone(&self) -> Self {
        Self {
            inbox: Rc::clone(&self.inbox),
        }
    }
}

impl fmt::Debug for Spawner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
