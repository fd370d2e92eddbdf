//! What the types can do, and how big they are.

use std::marker::PhantomData;

use await_layer::{
    AwaitLayer, Call, Closed, DefaultTimer, Driver, Handle, Incoming, Link, ManualTimer, Pack,
    Packer, Protocol, Replies, Request, Responder, Sending, SlotIds, Unpack, WsAwait, memory,
};
use bytes::Bytes;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::local::{Local, Rooted};

/// Says whether a type has the auto traits: the inherent constants exist only
/// if it has and then hide the trait's.
struct Probe<T>(PhantomData<T>);

trait Lacks {
    const SEND: bool = false;
    const SYNC: bool = false;
    const UNPIN: bool = false;
}

impl<T> Lacks for Probe<T> {}

impl<T: Send> Probe<T> {
    const SEND: bool = true;
}

impl<T: Sync> Probe<T> {
    const SYNC: bool = true;
}

impl<T: Unpin> Probe<T> {
    const UNPIN: bool = true;
}

type Shared = Link<memory::Duplex<Bytes>, WsAwait<Bytes>, DefaultTimer>;
type Single = Link<Rooted, WsAwait<Local>, DefaultTimer>;

macro_rules! each {
    ($link:ty: $probe:ident == $expected:literal, $($kind:ident $(<$reply:ty>)?),*) => {
        $(assert_eq!(Probe::<$kind<$link $(, $reply)?>>::$probe, $expected, stringify!($kind));)*
    };
}

#[test]
fn they_are_send_when_the_parts_are() {
    each!(Shared: SEND == true, Handle, Call<Value>, Driver, Incoming, Replies<Value>, Sending,
        Closed, Request, Responder);
    each!(Shared: SYNC == true, Handle, Driver, Closed, Responder);
    const { assert!(Probe::<AwaitLayer<memory::Duplex<Bytes>, WsAwait<Bytes>, DefaultTimer>>::SEND) };
    // A reply that belongs to its thread is no part of the call yet.
    each!(Shared: SEND == true, Call<std::rc::Rc<str>>);
}

#[test]
fn they_are_not_send_when_the_parts_are_not() {
    each!(Single: SEND == false, Handle, Call<Value>, Driver, Incoming, Replies<Value>, Sending,
        Closed, Request, Responder);
    each!(Single: SYNC == false, Handle, Call<Value>, Driver);
    const { assert!(!Probe::<AwaitLayer<Rooted, WsAwait<Local>, DefaultTimer>>::SEND) };
}

#[test]
fn all_are_unpin_whatever_the_transport_is() {
    const { assert!(!Probe::<Rooted>::UNPIN) }
    each!(Single: UNPIN == true, Handle, Call<Value>, Driver, Incoming, Replies<Value>, Sending,
        Closed, Request, Responder);
    const { assert!(Probe::<AwaitLayer<Rooted, WsAwait<Local>, DefaultTimer>>::UNPIN) };
}

/// A client as its author writes it: no parameters.
struct Client {
    handle: Handle<Shared>,
    under_way: Option<Call<Shared, Value>>,
}

impl Client {
    fn ask(&mut self, question: &Value) {
        self.under_way = Some(self.handle.send_await(question));
    }

    async fn answer(&mut self) -> Option<Value> {
        // By reference: a `Call` is `Unpin`, and stays if this is dropped.
        let answer = self.under_way.as_mut()?.await;
        self.under_way = None;
        answer.ok()
    }
}

#[test]
fn a_handle_and_a_call_fit_in_a_struct_without_parameters() {
    let (near, far) = memory::pair(4);
    let layer = AwaitLayer::new(near, WsAwait::new());
    let mut client = Client {
        handle: layer.handle(),
        under_way: None,
    };
    let (_there, to_there) = AwaitLayer::new(far, WsAwait::<Bytes>::new()).split();
    let served = await_layer::serve(to_there, 1, async |question: Value| {
        Ok::<_, std::convert::Infallible>(json!({ "asked": question["n"] }))
    });
    block_on(futures::future::select(
        std::pin::pin!(served),
        std::pin::pin!(async {
            assert_eq!(client.answer().await, None);
            for n in 0..3 {
                client.ask(&json!({ "n": n }));
                assert_eq!(client.answer().await, Some(json!({ "asked": n })));
            }
        }),
    ));
    assert_eq!(client.handle.stats().replied, 3);
}

/// A wire with 32-byte frames and `u64` ids.
struct Words;

type Word = [u8; 32];

impl Packer for Words {
    type Error = std::convert::Infallible;
}

impl Pack<Word, Word> for Words {
    fn pack(&self, word: &Word) -> Result<Word, Self::Error> {
        Ok(*word)
    }
}

impl Unpack<Word, Word> for Words {
    fn unpack(&self, word: Word) -> Result<Word, Self::Error> {
        Ok(word)
    }
}

impl await_layer::AwaitIdCodec<Word> for Words {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, _: &Word) -> await_layer::Peek<u64, u64> {
        await_layer::Peek::Skip
    }

    fn seal(
        &mut self,
        _: &mut Word,
        _: await_layer::Head<'_, u64, u64>,
    ) -> Result<(), await_layer::SealError> {
        Ok(())
    }

    fn size(word: &Word) -> usize {
        word.len()
    }
}

impl Protocol for Words {
    type Frame = Word;
    type Packer = Self;
    type Codec = Self;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Self, Self, SlotIds<u64>) {
        (Self, Self, SlotIds::new())
    }
}

#[test]
fn sizes() {
    type Small = Link<memory::Duplex<Word>, Words, ManualTimer>;
    let call = size_of::<Call<Small, Word>>();
    println!("a call: {call} bytes, 32 of them its frame");
    assert!(call <= 88, "{call}");
    assert_eq!(size_of::<Handle<Small>>(), size_of::<usize>());
}
