//! What each kind of frame is at the other end.

use std::fmt::Debug;

use await_layer::{AwaitIdCodec, Head, Pack, Peek, Protocol, Refusal, Unpack};

use super::Samples;
use super::end::{AskOf, End, IdOf, kind};

const CALLS: usize = 20;

/// Requests that are on the wire, with our id and what the peer made of it.
struct Asked<P: Protocol> {
    here: End<P>,
    there: End<P>,
    calls: Vec<(IdOf<P>, AskOf<P>)>,
}

/// Sends requests across and checks them.
fn ask<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>) -> Asked<P>
where
    P: Protocol<Packer: Pack<P::Frame, Q> + Unpack<P::Frame, Q>>,
    Q: PartialEq + Debug,
{
    let (mut here, mut there) = (End::new(make()), End::new(make()));
    let mut calls = Vec::<(IdOf<P>, AskOf<P>)>::new();
    for n in 0..CALLS.max(samples.requests.len()) {
        let id = here.next_id();
        assert!(
            calls.iter().all(|(other, _)| *other != id),
            "the generator repeats an id"
        );
        let mut frame = here.pack(samples.request(n));
        here.seal(&mut frame, Head::Request(&id));
        let ask = match there.peek(&frame) {
            Peek::Request(ask) => ask,
            other => panic!("a request peeks as {}", kind(&other)),
        };
        assert!(
            calls.iter().all(|(_, other)| *other != ask),
            "two requests look like one to the other end"
        );
        there.codec.strip(&mut frame);
        let got = there.unpack(frame);
        assert_eq!(got.as_ref(), Ok(samples.request(n)), "stripped request");
        calls.push((id, ask));
    }
    Asked { here, there, calls }
}

pub(super) fn requests<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<Packer: Pack<P::Frame, Q> + Unpack<P::Frame, Q>>,
    Q: PartialEq + Debug,
{
    ask(make, samples);
}

pub(super) fn replies<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<
        Packer: Pack<P::Frame, Q> + Unpack<P::Frame, Q> + Pack<P::Frame, R> + Unpack<P::Frame, R>,
    >,
    Q: PartialEq + Debug,
    R: PartialEq + Debug,
{
    let Asked {
        mut here,
        mut there,
        calls,
    } = ask(make, samples);
    // The last first: nothing may depend on the order.
    for (n, (id, ask)) in calls.iter().enumerate().rev() {
        let mut frame = there.pack(samples.reply(n));
        there.seal(&mut frame, Head::Reply(ask));
        let reply = samples.reply(n);
        arrives(&mut here, frame, &Peek::Reply(id.clone()), "a reply", reply);
    }
}

pub(super) fn plain<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<Frame: Clone + PartialEq + Debug>,
{
    let (mut here, mut there) = (End::new(make()), End::new(make()));
    for plain in &samples.plain {
        let mut frame = plain.clone();
        here.seal(&mut frame, Head::Plain);
        if !samples.numbered {
            assert_eq!(frame, *plain, "sealed as plain");
        }
        let told = there.peek(&frame);
        assert!(
            told == Peek::Other,
            "a plain frame peeks as {}",
            kind(&told)
        );
    }
}

pub(super) fn refused_seals<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<Frame: Clone + PartialEq + Debug>,
{
    let mut here = End::new(make());
    for unsealable in &samples.unsealable {
        let id = here.next_id();
        let mut frame = unsealable.clone();
        let sealed = here.codec.seal(&mut frame, Head::Request(&id));
        let why = sealed.expect_err("a frame that cannot carry an id was sealed");
        assert!(
            !why.to_string().is_empty(),
            "a refused seal says nothing of why"
        );
        assert_eq!(frame, *unsealable, "after a refused seal");
    }
}

pub(super) fn parts<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<
            Frame: Clone + PartialEq + Debug,
            Packer: Pack<P::Frame, Q>
                        + Unpack<P::Frame, Q>
                        + Pack<P::Frame, R>
                        + Unpack<P::Frame, R>,
        >,
    Q: PartialEq + Debug,
    R: PartialEq + Debug,
{
    let Asked {
        mut here,
        mut there,
        calls,
    } = ask(make, samples);
    for (n, (id, ask)) in calls.iter().enumerate() {
        let packed = there.pack(samples.reply(n));
        let mut frame = packed.clone();
        if there.codec.seal(&mut frame, Head::Part(ask)).is_err() {
            assert_eq!(frame, packed, "after a refused part");
            continue;
        }
        let reply = samples.reply(n);
        arrives(&mut here, frame, &Peek::Part(id.clone()), "a part", reply);
    }
}

pub(super) fn refusals<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<Packer: Pack<P::Frame, Q> + Unpack<P::Frame, Q>>,
    Q: PartialEq + Debug,
{
    for why in [
        Refusal::Busy,
        Refusal::Dropped,
        Refusal::Duplicate,
        Refusal::Cancelled,
    ] {
        let Asked {
            mut here,
            mut there,
            calls,
        } = ask(make, samples);
        for (id, ask) in calls {
            let Some(mut frame) = there.codec.refuse(&ask, why) else {
                continue;
            };
            assert!(
                there.codec.refuses(),
                "it refuses, and says that it does not"
            );
            match here.peek(&frame) {
                Peek::Reply(got) | Peek::End(got) => {
                    assert!(got == id, "a refusal ({why:?}) came back with another id");
                }
                other => panic!("a refusal ({why:?}) peeks as {}", kind(&other)),
            }
            here.codec.strip(&mut frame);
        }
    }
}

pub(super) fn cancels<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<Packer: Pack<P::Frame, Q> + Unpack<P::Frame, Q>>,
    Q: PartialEq + Debug,
{
    let Asked {
        mut here,
        mut there,
        calls,
    } = ask(make, samples);
    for (id, ask) in calls {
        let Some(frame) = here.codec.cancel(&id) else {
            continue;
        };
        is_taken_for(&mut there, &frame, &Peek::Cancel(ask), "a cancel");
    }
}

pub(super) fn ends<P, Q, R>(make: &impl Fn() -> P, samples: &Samples<P::Frame, Q, R>)
where
    P: Protocol<Packer: Pack<P::Frame, Q> + Unpack<P::Frame, Q>>,
    Q: PartialEq + Debug,
{
    let Asked {
        mut here,
        mut there,
        calls,
    } = ask(make, samples);
    for (id, ask) in calls {
        let Some(mut frame) = there.codec.end(&ask) else {
            continue;
        };
        is_taken_for(&mut here, &frame, &Peek::End(id), "an end");
        here.codec.strip(&mut frame);
    }
}

/// The end takes the frame for what it is, and for the right call.
fn is_taken_for<P: Protocol>(
    end: &mut End<P>,
    frame: &P::Frame,
    expected: &Peek<IdOf<P>, AskOf<P>>,
    what: &str,
) {
    let told = end.peek(frame);
    let same = kind(&told) == kind(expected);
    assert!(same, "{what} peeks as {}", kind(&told));
    assert!(told == *expected, "{what} came with another id");
}

/// So it does, and the body comes out as it went in.
fn arrives<P, R>(
    end: &mut End<P>,
    mut frame: P::Frame,
    expected: &Peek<IdOf<P>, AskOf<P>>,
    what: &str,
    body: &R,
) where
    P: Protocol<Packer: Unpack<P::Frame, R>>,
    R: PartialEq + Debug,
{
    is_taken_for(end, &frame, expected, what);
    end.codec.strip(&mut frame);
    let got: Result<R, _> = end.unpack(frame);
    assert_eq!(got.as_ref(), Ok(body), "{what}, stripped");
}
