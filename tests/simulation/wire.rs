//! The protocols, as the simulation reads and forges them; the ws-await wire,
//! which does not tell a reply from a request.

use std::fmt;

use await_layer::{AwaitIdCodec, Pack, Packer, Protocol, TextId, Unpack, WsAwait};
use await_layer_testkit::rng::Rng;
use bytes::Bytes;
use serde::Deserialize;

use crate::body::{Body, What};

pub(crate) type IdOf<P> = <<P as Protocol>::Codec as AwaitIdCodec<Bytes>>::Id;

/// What a frame is on the link, whoever it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Plain,
    Ask,
    /// The last or only answer, and a refusal.
    Reply,
    Part,
    End,
    Cancel,
    Garbage,
}

/// What the link can read in a frame.
pub(crate) type Look = fn(&Bytes) -> (Sort, Option<Body>);

/// A protocol that the simulation can read along with, and forge.
pub(crate) trait Wire:
    Protocol<
        Frame = Bytes,
        Packer: Packer<Error: fmt::Debug> + Pack<Bytes, Body> + Unpack<Bytes, Body>,
    > + Default
    + 'static
{
    /// Whether an error of the packer's is the peer's refusal.
    const REFUSES: bool;
    /// Whether there are answers in parts.
    const STREAMS: bool;
    /// Whether a frame shows what it is: then all can be counted.
    const MARKED: bool;

    fn look(frame: &Bytes) -> (Sort, Option<Body>);

    /// An id of a caller's own choosing, one of a few.
    fn chosen(n: usize) -> IdOf<Self>;

    /// The id that a frame bears, as it is on the wire.
    fn id(frame: &Bytes) -> Option<Bytes>;

    fn make(sort: Sort, id: &Bytes, body: Option<Body>) -> Bytes;

    /// An id that the generator at the other end has not made and will not
    /// make; `of` is one that it has made, and may be needed.
    fn guess(rng: &mut Rng, of: Option<&Bytes>) -> Option<Bytes>;

    /// An id for the peer's own requests.
    fn asking(n: u64) -> Bytes;

    fn garbage(rng: &mut Rng) -> Bytes;
}

#[derive(Deserialize)]
struct Members {
    #[serde(rename = "awaitId")]
    id: Option<String>,
    b: Option<u64>,
}

impl Wire for WsAwait<Bytes> {
    const REFUSES: bool = false;
    const STREAMS: bool = false;
    const MARKED: bool = false;

    fn look(frame: &Bytes) -> (Sort, Option<Body>) {
        let members = serde_json::from_slice::<Members>(frame).ok();
        let body = members.as_ref().and_then(|members| members.b);
        let body = body.and_then(Body::from_number);
        let sort = match (members.and_then(|members| members.id), body) {
            (None, Some(_)) => Sort::Plain,
            (Some(_), Some(body)) if body.what == What::Ask => Sort::Ask,
            (Some(_), _) => Sort::Reply,
            (None, None) => Sort::Garbage,
        };
        (sort, body)
    }

    fn chosen(n: usize) -> TextId {
        TextId::from(format!("chosen{n}"))
    }

    fn id(frame: &Bytes) -> Option<Bytes> {
        let members = serde_json::from_slice::<Members>(frame).ok()?;
        Some(members.id?.into())
    }

    fn make(_: Sort, id: &Bytes, body: Option<Body>) -> Bytes {
        let id = std::str::from_utf8(id).expect("made from text");
        let body = body.map_or(String::new(), |body| format!(",\"b\":{}", body.to_number()));
        format!("{{\"awaitId\":\"{id}\"{body}}}").into()
    }

    fn guess(rng: &mut Rng, of: Option<&Bytes>) -> Option<Bytes> {
        // Without its tag it would be a request.
        let tag = std::str::from_utf8(of?.get(..13)?).ok()?;
        Some(format!("{tag}{:07}zzzz", rng.below(1000)).into())
    }

    fn asking(n: u64) -> Bytes {
        format!("theirs{n}").into()
    }

    fn garbage(rng: &mut Rng) -> Bytes {
        let some = ["", "{", "[1,2]", "nonsense", "\u{0}\u{1}", "{\"b\":"];
        Bytes::from_static(some[rng.below(some.len())].as_bytes())
    }
}
