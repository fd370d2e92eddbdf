//! A peer that is no layer: it answers some, and means harm besides.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::{Either, select};

use crate::body::Body;
use crate::port::NetEnd;
use crate::shared::{Shared, nanos};
use crate::tally::Feature;
use crate::wire::{Sort, Wire};

/// Its own end.
const HERE: usize = 1;
/// Its requests, at most.
const ASKS: u64 = 60;

struct Stranger {
    shared: Rc<Shared>,
    /// Ids of calls that have their answer, and from when on that is so.
    done: Vec<(u64, Bytes)>,
    /// An id of the other end's, live or not.
    seen: Option<Bytes>,
    /// What it has asked and has no answer to.
    asked: BTreeMap<Bytes, Vec<Body>>,
    asks: u64,
    plains: u64,
}

pub(crate) async fn stranger<P: Wire>(shared: Rc<Shared>, mut io: NetEnd) {
    let mut stranger = Stranger {
        shared: shared.clone(),
        done: Vec::new(),
        seen: None,
        asked: BTreeMap::new(),
        asks: 0,
        plains: 0,
    };
    let reads_slowly = shared.chance(0.2);
    let mischief = [0.0, 0.2, 0.6][shared.below(3)];
    let over = || shared.net.borrow().dropped[0].is_some() || shared.sides[0].deserted.get();
    while !over() {
        let tick = Duration::from_millis(1 + shared.below(60) as u64);
        match select(io.next(), shared.sleep(tick)).await {
            Either::Left((Some(Ok(frame)), _)) => stranger.meet::<P>(&frame),
            Either::Left(_) => return,
            Either::Right(_) => {}
        }
        if shared.chance(mischief) {
            stranger.make_mischief::<P>();
        }
        if reads_slowly {
            shared.pause(20).await;
        }
    }
}

impl Stranger {
    fn count(&self, feature: Feature) {
        self.shared.score.count(feature);
    }

    /// At some time soon: answers overtake one another.
    fn throw(&self, frame: Bytes) -> Option<u64> {
        let delay = match self.shared.below(3) {
            0 => Duration::ZERO,
            _ => Duration::from_millis(self.shared.below(200) as u64),
        };
        self.throw_in(frame, delay)
    }

    fn throw_in(&self, frame: Bytes, delay: Duration) -> Option<u64> {
        let mut net = self.shared.net.borrow_mut();
        let at = net.throw(HERE, frame, nanos(delay))?;
        let due = at <= self.shared.now();
        let reader = due.then(|| net.lanes[HERE].reader.take()).flatten();
        drop(net);
        crate::lane::wake(reader);
        Some(at)
    }

    fn meet<P: Wire>(&mut self, frame: &Bytes) {
        let (sort, body) = P::look(frame);
        let id = P::id(frame);
        match (sort, id, body) {
            (Sort::Ask, Some(id), Some(body)) => self.reply::<P>(frame, id, body),
            (Sort::Reply, Some(id), body) => self.be_answered(&id, body),
            _ => {}
        }
    }

    /// The other end asks.
    fn reply<P: Wire>(&mut self, frame: &Bytes, id: Bytes, body: Body) {
        self.seen = Some(id.clone());
        match self.shared.below(16) {
            0 | 1 => return,
            2 if P::REFUSES => {
                self.throw(P::make(Sort::Reply, &id, None));
                return;
            }
            3 => {
                // Where the wire does not say which it is, it spoils the call.
                self.count(Feature::Echoed);
                if !P::MARKED {
                    self.spoil(body);
                }
                self.throw(frame.clone());
                return;
            }
            4 if P::STREAMS => {
                self.count(Feature::EndlessParts);
                self.spoil(body);
                for _ in 0..2 + self.shared.below(6) {
                    self.throw(P::make(Sort::Part, &id, Some(body.forged())));
                }
                return;
            }
            5 if P::STREAMS && self.shared.chance(0.3) => {
                self.spoil(body);
                self.throw(P::make(Sort::End, &id, None));
                return;
            }
            _ => {}
        }
        self.count(Feature::Honest);
        let parts = if P::STREAMS { body.parts } else { 0 };
        for part in 0..parts {
            self.throw(P::make(Sort::Part, &id, Some(body.part(part))));
        }
        let last = if parts == 0 || body.ends_with_an_answer() {
            P::make(Sort::Reply, &id, Some(body.answer()))
        } else {
            P::make(Sort::End, &id, None)
        };
        if let Some(at) = self.throw(last) {
            self.done.push((at, id));
        }
    }

    fn spoil(&self, body: Body) {
        let mut net = self.shared.net.borrow_mut();
        net.journal.spoilt.insert(body.name());
    }

    /// Something came for one of its own requests: one at most, and its own.
    fn be_answered(&mut self, id: &Bytes, body: Option<Body>) {
        // What it gave back was a request of its own, answered under its id.
        let echo = body.is_some_and(|body| body.end != HERE);
        let Some(asked) = self.asked.get_mut(id) else {
            if !echo && body.is_some() {
                self.shared
                    .complain(format!("the stranger was sent {body:?}"));
            }
            return;
        };
        let one = asked.len() == 1;
        let answers = |ask: &Body| body.map_or(one, |body| body == ask.answer());
        match asked.iter().position(answers) {
            Some(place) => {
                asked.swap_remove(place);
                self.count(Feature::TheirsAnswered);
            }
            None if echo || body.is_none() => {}
            None => self
                .shared
                .complain(format!("the stranger was answered {body:?} twice")),
        }
    }

    /// A request of its own, under a new id or one that is live.
    fn ask<P: Wire>(&mut self, id: Bytes) {
        if self.asks == ASKS {
            return;
        }
        let body = Body::ask(self.shared.plan.link, HERE, self.asks, 2);
        self.asks += 1;
        let asked = self.asked.entry(id.clone()).or_default();
        asked.push(body);
        if asked.len() > 1 {
            self.count(Feature::UnderLiveIds);
        }
        self.throw(P::make(Sort::Ask, &id, Some(body)));
    }

    fn make_mischief<P: Wire>(&mut self) {
        let shared = self.shared.clone();
        let nobody = Body::ask(shared.plan.link, HERE, 0, 0).forged();
        let guess = P::guess(&mut shared.rng.borrow_mut(), self.seen.as_ref());
        match (shared.below(10), guess) {
            (0, Some(guess)) => {
                self.count(Feature::Guessed);
                self.throw(P::make(Sort::Reply, &guess, Some(nobody)));
            }
            (1 | 2, _) => self.answer_again::<P>(nobody),
            (3, _) if P::MARKED => {
                self.count(Feature::CancelsOfNothing);
                self.throw(P::make(Sort::Cancel, &P::asking(1 << 20), None));
            }
            (3, _) if self.seen.is_some() => {
                // A request that looks like one of the other end's own.
                self.count(Feature::OurTag);
                self.throw(P::make(Sort::Ask, &own_looks(&self.seen), Some(nobody)));
            }
            (4, _) => {
                self.count(Feature::Garbage);
                let garbage = P::garbage(&mut shared.rng.borrow_mut());
                self.throw(garbage);
            }
            (5, Some(guess)) if P::STREAMS => {
                self.throw(P::make(Sort::Part, &guess, Some(nobody)));
            }
            (6, _) => {
                // One that is live, if any is.
                let live = self.asked.iter().find(|(_, asked)| !asked.is_empty());
                if let Some(id) = live.map(|(id, _)| id.clone()) {
                    self.ask::<P>(id);
                }
            }
            (7, _) => {
                let id = P::asking(self.asks);
                self.ask::<P>(id.clone());
                if P::MARKED {
                    self.throw(P::make(Sort::Cancel, &id, None));
                }
            }
            (8, _) if P::MARKED => {
                let body = Body::plain(shared.plan.link, HERE, self.plains);
                self.plains += 1;
                self.throw(P::make(Sort::Plain, &P::asking(0), Some(body)));
            }
            _ => self.ask::<P>(P::asking(self.asks)),
        }
    }

    /// Another answer to a call that has its own, long after.
    fn answer_again<P: Wire>(&mut self, with: Body) {
        // Where ids come round soon it would be the next call's.
        if !self.shared.plan.kind.keeps_ids_apart() {
            return;
        }
        let now = self.shared.now();
        // Ids of long ago come round too.
        let recent = self.done.len().saturating_sub(500);
        self.done.drain(..recent);
        let done: Vec<_> = self.done.iter().filter(|(at, _)| *at <= now).collect();
        if done.is_empty() {
            return;
        }
        let (_, id) = done[self.shared.below(done.len())];
        self.count(Feature::Stale);
        self.throw(P::make(Sort::Reply, id, Some(with)));
    }
}

/// The tag of an id, and what the other end never makes of it.
fn own_looks(id: &Option<Bytes>) -> Bytes {
    let tag = id.as_ref().and_then(|id| id.get(..13)).unwrap_or(b"_");
    [tag, b"theirs"].concat().into()
}
