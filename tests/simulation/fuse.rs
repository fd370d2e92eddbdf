//! User code that panics, once, at some item.

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use await_layer::{
    AwaitIdCodec, Head, IdGenerator, Locate, Pack, Packer, Peek, Protocol, Refusal, SealError,
    Slot, Unpack,
};

/// What can panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    Peek,
    Strip,
    Seal,
    NextId,
    Locate,
    Cancel,
    Refuse,
    Pack,
    Unpack,
    Handler,
    Waker,
}

pub(crate) const POINTS: [Point; 11] = [
    Point::Peek,
    Point::Strip,
    Point::Seal,
    Point::NextId,
    Point::Locate,
    Point::Cancel,
    Point::Refuse,
    Point::Pack,
    Point::Unpack,
    Point::Handler,
    Point::Waker,
];

impl Point {
    /// Whether it runs while somebody drives, and so ends the connection.
    pub(crate) fn is_the_drivers(self) -> bool {
        use Point::{Handler, Pack, Unpack, Waker};
        !matches!(self, Pack | Unpack | Handler | Waker)
    }
}

/// What is thrown: quietly, for no hook prints it.
struct Bomb;

#[derive(Clone, Debug, Default)]
pub(crate) struct Fuse(Option<Arc<Charge>>);

#[derive(Debug)]
struct Charge {
    point: Point,
    left: AtomicU64,
    blown: AtomicBool,
}

impl Fuse {
    /// Panics the `item`th time that `point` is reached, counted from 1.
    pub(crate) fn new(point: Point, item: u64) -> Self {
        Self(Some(Arc::new(Charge {
            point,
            left: AtomicU64::new(item),
            blown: AtomicBool::new(false),
        })))
    }

    pub(crate) fn spark(&self, point: Point) {
        let Some(charge) = self.0.as_deref().filter(|charge| charge.point == point) else {
            return;
        };
        if charge.left.load(Ordering::Relaxed) == 0 || std::thread::panicking() {
            return;
        }
        if charge.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            charge.blown.store(true, Ordering::Relaxed);
            std::panic::resume_unwind(Box::new(Bomb));
        }
    }

    pub(crate) fn has_blown(&self) -> Option<Point> {
        let charge = self.0.as_deref()?;
        charge.blown.load(Ordering::Relaxed).then_some(charge.point)
    }

    pub(crate) fn is_at(&self, point: Point) -> bool {
        self.0
            .as_deref()
            .is_some_and(|charge| charge.point == point)
    }
}

/// Goes on with every panic that is none of a fuse's.
pub(crate) fn survive(panic: Box<dyn Any + Send>) {
    if !panic.is::<Bomb>() {
        std::panic::resume_unwind(panic);
    }
}

thread_local! {
    /// The link and the end whose task is being polled.
    static POLLED: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

/// Runs a poll of a task of this end.
pub(crate) fn polling<R>(whose: (usize, usize), poll: impl FnOnce() -> R) -> R {
    struct Reset(Option<(usize, usize)>);
    impl Drop for Reset {
        fn drop(&mut self) {
            POLLED.set(self.0);
        }
    }
    let _reset = Reset(POLLED.replace(Some(whose)));
    poll()
}

/// A future whose waker may panic, once it has woken.
pub(crate) struct Nervous<F> {
    pub(crate) future: F,
    pub(crate) fuse: Fuse,
    pub(crate) whose: (usize, usize),
}

struct Jumpy {
    waker: Waker,
    fuse: Fuse,
    whose: (usize, usize),
}

impl<F: Future + Unpin> Future for Nervous<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if !self.fuse.is_at(Point::Waker) {
            return Pin::new(&mut self.future).poll(cx);
        }
        let waker = Waker::from(Arc::new(Jumpy {
            waker: cx.waker().clone(),
            fuse: self.fuse.clone(),
            whose: self.whose,
        }));
        Pin::new(&mut self.future).poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for Jumpy {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.waker.wake_by_ref();
        // Not into the face of a timer, or of another connection.
        if POLLED.get() == Some(self.whose) {
            self.fuse.spark(Point::Waker);
        }
    }
}

/// A protocol each of whose parts may panic.
pub(crate) struct Fused<P> {
    pub(crate) protocol: P,
    pub(crate) fuse: Fuse,
}

pub(crate) struct With<T>(T, Fuse);

impl<P: Protocol> Protocol for Fused<P> {
    type Frame = P::Frame;
    type Packer = With<P::Packer>;
    type Codec = With<P::Codec>;
    type Ids = With<P::Ids>;

    fn into_parts(self) -> (Self::Packer, Self::Codec, Self::Ids) {
        let (packer, codec, ids) = self.protocol.into_parts();
        let with = || self.fuse.clone();
        (With(packer, with()), With(codec, with()), With(ids, with()))
    }
}

impl<T: Packer> Packer for With<T> {
    type Error = T::Error;
}

impl<F, V: ?Sized, T: Pack<F, V>> Pack<F, V> for With<T> {
    fn pack(&self, value: &V) -> Result<F, T::Error> {
        self.1.spark(Point::Pack);
        self.0.pack(value)
    }
}

impl<F, V, T: Unpack<F, V>> Unpack<F, V> for With<T> {
    fn unpack(&self, frame: F) -> Result<V, T::Error> {
        self.1.spark(Point::Unpack);
        self.0.unpack(frame)
    }
}

impl<T: IdGenerator> IdGenerator for With<T> {
    type Id = T::Id;

    fn next(&mut self, slot: Slot) -> Option<T::Id> {
        self.1.spark(Point::NextId);
        self.0.next(slot)
    }

    fn locate(&self, id: &T::Id) -> Locate {
        self.1.spark(Point::Locate);
        self.0.locate(id)
    }

    fn tagged(&self) -> bool {
        self.0.tagged()
    }

    fn narrow(&self) -> bool {
        self.0.narrow()
    }
}

impl<F, T: AwaitIdCodec<F>> AwaitIdCodec<F> for With<T> {
    type Id = T::Id;
    type Ask = T::Ask;

    fn peek(&mut self, frame: &F) -> Peek<T::Id, T::Ask> {
        self.1.spark(Point::Peek);
        self.0.peek(frame)
    }

    fn seal(&mut self, frame: &mut F, head: Head<'_, T::Id, T::Ask>) -> Result<(), SealError> {
        self.1.spark(Point::Seal);
        self.0.seal(frame, head)
    }

    fn strip(&mut self, frame: &mut F) {
        self.1.spark(Point::Strip);
        self.0.strip(frame);
    }

    fn cancel(&mut self, id: &T::Id) -> Option<F> {
        self.1.spark(Point::Cancel);
        self.0.cancel(id)
    }

    fn refuse(&mut self, ask: &T::Ask, why: Refusal) -> Option<F> {
        self.1.spark(Point::Refuse);
        self.0.refuse(ask, why)
    }

    fn refuses(&self) -> bool {
        self.0.refuses()
    }

    fn end(&mut self, ask: &T::Ask) -> Option<F> {
        self.0.end(ask)
    }

    fn answers_cancelled(&self) -> bool {
        self.0.answers_cancelled()
    }

    fn size(frame: &F) -> usize {
        T::size(frame)
    }
}
