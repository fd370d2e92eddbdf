//! JSON-RPC and its dialects against serde_json.
//!
//! What is legitimately not as the tree has it:
//!
//! * A message with two of a field that decides what it is decides nothing: it
//!   passes through as a message, and fails to unpack there.
//! * `"id": null` is no id. An id is any other JSON, and goes back as it stands.
//! * Ours are digits without sign, fraction or exponent: `7` is, `7.0`, `-7`,
//!   `"7"` and `7e0` are not.
//! * Of bytes that are not UTF-8 nothing is said but that they do no harm.

use std::borrow::Cow;

use await_layer::{AwaitIdCodec, Head, Peek, Refusal, TextId};
use await_layer_protocols::json_rpc::{Codec, Dialect, Plain};
use await_layer_protocols::{lsp, mcp};
use bytes::Bytes;

use crate::json;

/// One frame, in every dialect.
pub fn check(frame: &[u8]) {
    dialect::<Plain>(frame);
    dialect::<lsp::Requests>(frame);
    dialect::<mcp::Requests>(frame);
}

fn dialect<D: Dialect>(frame: &[u8]) {
    let bytes = Bytes::copy_from_slice(frame);
    let peeked = Codec::<D>::default().peek(&bytes);
    let Ok(text) = std::str::from_utf8(frame) else {
        return;
    };
    let owned = text.to_owned();
    assert_eq!(Codec::<D>::default().peek(&owned), peeked);
    assert_eq!(peeked, expected::<D>(text), "{text:?}");
    if let Peek::Request(ask) | Peek::Cancel(ask) = &peeked {
        refused::<D>(ask);
    }
    sealed::<D>(text);
}

/// The envelope: id, method and parameters.
pub(crate) struct Envelope<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) method: Option<Cow<'a, str>>,
    pub(crate) params: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// `None` of what is no message.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let members = json::members(text)?;
        let field = |name| json::only(&members, name).ok();
        let method = match field("method")?.filter(|it| *it != "null") {
            Some(method) => Some(json::string(method)?.into()),
            None => None,
        };
        Some(Self {
            id: field("id")?.filter(|it| *it != "null"),
            method,
            params: field("params")?.filter(|it| *it != "null"),
        })
    }

    /// The id that the message withdraws, if it is one that withdraws.
    pub(crate) fn withdraws<D: Dialect>(&self) -> Option<Option<&'a str>> {
        let (method, key) = D::CANCEL?;
        (self.id.is_none() && self.method.as_deref() == Some(method)).then(|| {
            let params = json::members(self.params?)?;
            json::last(&params, key)
        })
    }
}

fn expected<D: Dialect>(text: &str) -> Peek<u64, TextId> {
    let Some(envelope) = Envelope::read(text) else {
        return Peek::Other;
    };
    if let Some(withdrawn) = envelope.withdraws::<D>() {
        return withdrawn.map_or(Peek::Skip, |id| Peek::Cancel(id.into()));
    }
    match (&envelope.method, envelope.id) {
        (Some(_), Some(id)) => Peek::Request(id.into()),
        (None, Some(id)) => {
            let number = json::value(id).and_then(|id| id.as_u64());
            let is_plain = id.bytes().all(|byte| byte.is_ascii_digit());
            number.filter(|_| is_plain).map_or(Peek::Stray, Peek::Reply)
        }
        _ => Peek::Other,
    }
}

/// The peer's id goes back as it came, on answers and on refusals.
fn refused<D: Dialect>(ask: &TextId) {
    let mut codec = Codec::<D>::default();
    let mut answer = r#"{"result":1}"#.to_owned();
    codec.seal(&mut answer, Head::Reply(ask)).unwrap();
    for why in [
        Refusal::Busy,
        Refusal::Dropped,
        Refusal::Cancelled,
        Refusal::Duplicate,
    ] {
        let refusal: Option<String> = codec.refuse(ask, why);
        assert_eq!(refusal.is_none(), why == Refusal::Duplicate);
        let refusals = refusal.iter();
        for message in refusals.chain([&answer]) {
            let members = json::members(message).expect("what is sealed is JSON");
            assert_eq!(json::only(&members, "id").unwrap(), Some(ask.as_str()));
        }
    }
}

/// What can be a request of ours is one, and the handshake is not withdrawn.
fn sealed<D: Dialect>(text: &str) {
    let mut codec = Codec::<D>::default();
    let mut frame = text.to_owned();
    let result = codec.seal(&mut frame, Head::Request(&7));
    assert_eq!(result.is_ok(), text.starts_with("{\""));
    if result.is_err() {
        assert_eq!(frame, text);
        return;
    }
    if let Some(mut members) = json::members(text) {
        members.insert(0, ("id".to_owned(), "7"));
        assert_eq!(json::members(&frame), Some(members));
    }
    let handshake = D::HANDSHAKE.is_some_and(|handshake| {
        let envelope = Envelope::read(text);
        envelope.is_some_and(|it| it.method.as_deref() == Some(handshake))
    });
    let cancel: Option<String> = codec.cancel(&7);
    assert_eq!(cancel.is_some(), D::CANCEL.is_some() && !handshake);
    if let Some(cancel) = cancel {
        let cancel = Codec::<D>::default().peek(&cancel);
        assert_eq!(cancel, Peek::Cancel("7".into()));
    }
}
