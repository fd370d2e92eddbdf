//! A wire without ids, in the manner of Redis: replies come in the order of
//! the requests, and pushes, marked `>`, come in between.

use std::collections::VecDeque;
use std::convert::Infallible;

use await_layer::{AwaitIdCodec, Head, IdGenerator, Peek, SealError, Sequential, Slot};

/// Requests on the wire without a reply. A call that times out stays until
/// its reply comes, so only this bounds what a silent peer can pile up.
const WAITING: usize = 3;

#[derive(Default)]
struct Positional {
    waiting: VecDeque<u64>,
}

impl AwaitIdCodec<String> for Positional {
    type Id = u64;
    type Ask = Infallible;

    fn peek(&mut self, frame: &String) -> Peek<u64, Infallible> {
        if frame.starts_with('>') {
            return Peek::Other;
        }
        self.waiting.pop_front().map_or(Peek::Skip, Peek::Reply)
    }

    fn seal(
        &mut self,
        _frame: &mut String,
        head: Head<'_, u64, Infallible>,
    ) -> Result<(), SealError> {
        match head {
            Head::Request(_) if self.waiting.len() == WAITING => {
                Err(SealError::new("too many requests without a reply: wait"))
            }
            Head::Request(id) => {
                self.waiting.push_back(*id);
                Ok(())
            }
            Head::Plain => Err(SealError::new("every message is answered: make a call")),
            Head::Reply(never) | Head::Part(never) => match *never {},
        }
    }

    fn size(frame: &String) -> usize {
        frame.len()
    }
}

fn ask(codec: &mut Positional, ids: &mut Sequential) -> Result<u64, SealError> {
    let id = ids.next(Slot { index: 0, turn: 0 }).unwrap();
    let mut frame = "GET x".to_owned();
    codec.seal(&mut frame, Head::Request(&id))?;
    assert_eq!(frame, "GET x");
    Ok(id)
}

#[test]
fn replies_go_to_the_calls_in_order_and_pushes_to_none() {
    let (mut codec, mut ids) = (Positional::default(), Sequential::default());
    let first = ask(&mut codec, &mut ids).unwrap();
    let second = ask(&mut codec, &mut ids).unwrap();
    assert_eq!(codec.peek(&"+1".to_owned()), Peek::Reply(first));
    assert_eq!(codec.peek(&">news".to_owned()), Peek::Other);
    assert_eq!(codec.peek(&"+2".to_owned()), Peek::Reply(second));
    assert_eq!(codec.peek(&"+3".to_owned()), Peek::Skip);
}

#[test]
fn a_call_given_up_keeps_its_place() {
    let (mut codec, mut ids) = (Positional::default(), Sequential::default());
    let given_up = ask(&mut codec, &mut ids).unwrap();
    assert_eq!(codec.cancel(&given_up), None);
    let next = ask(&mut codec, &mut ids).unwrap();
    assert_eq!(codec.peek(&"+late".to_owned()), Peek::Reply(given_up));
    assert_eq!(codec.peek(&"+next".to_owned()), Peek::Reply(next));
}

#[test]
fn a_silent_peer_piles_nothing_up() {
    let (mut codec, mut ids) = (Positional::default(), Sequential::default());
    for _ in 0..WAITING {
        ask(&mut codec, &mut ids).unwrap();
    }
    assert!(ask(&mut codec, &mut ids).is_err());
    assert_eq!(codec.peek(&"+1".to_owned()), Peek::Reply(1));
    assert!(ask(&mut codec, &mut ids).is_ok());
}

#[test]
fn what_would_shift_the_order_is_refused() {
    let mut codec = Positional::default();
    let mut frame = "SET x 1".to_owned();
    assert!(codec.seal(&mut frame, Head::Plain).is_err());
    assert!(codec.waiting.is_empty());
}
