//! [LDAP](https://www.rfc-editor.org/rfc/rfc4511): directories, for clients
//! and servers.
//!
//! ```
//! use await_layer::{AwaitLayer, Event, memory};
//! use await_layer_protocols::ldap::{Entry, Filter, Found, Ldap, Operation, Outcome, Scope};
//! use futures::StreamExt;
//!
//! let (left, right) = memory::pair(8);
//! let client = AwaitLayer::new(left, Ldap::new()).handle();
//! let (_, mut requests) = AwaitLayer::new(right, Ldap::new()).split();
//!
//! let server = async {
//!     let Some(Event::Request(mut search)) = requests.next().await else {
//!         panic!("a request comes");
//!     };
//!     for name in ["cn=a", "cn=b"] {
//!         let entry = Operation::found(&Entry::new(name));
//!         search.responder.reply_part(&entry).await.unwrap();
//!     }
//!     search.responder.reply(&Outcome::new(0, "")).await.unwrap();
//! };
//! let search = Operation::search("", Scope::Subtree, &Filter::present("cn"), &[]);
//! let found = client.send_stream::<Found>(&search).map(Result::unwrap).collect::<Vec<_>>();
//! let (found, ()) = futures::executor::block_on(futures::future::join(found, server));
//! assert_eq!(found[0], Found::Entry(Entry::new("cn=a")));
//! assert_eq!(found[2], Found::Done(Outcome::new(0, "")));
//! ```
//!
//! * An [`Operation`] is called, or streamed: a search answers with each thing
//!   it has [`Found`], of which the last is [`Found::Done`]. All other calls
//!   end with an [`Outcome`], or an [`Operation`] if there is more in it.
//!   A result whose code is an error fails the call with [`Failure::Remote`].
//! * Let a [bind](Operation::bind) finish before the next call: servers may
//!   refuse what comes in between.
//! * Entries come as fast as the server sends them, and a stream holds
//!   [`max_parts`](await_layer::Limits::max_parts) of them: raise that limit to
//!   what a search may find, or ask for pages ([`Operation::control`]).
//! * A call that is dropped or times out sends an abandon, which has an id of
//!   its own and no answer. What still comes is counted and reaches nobody;
//!   the id rests until then, or for the
//!   [`quarantine`](await_layer::Limits::quarantine). A request that the peer abandons is not answered
//!   any more.
//! * [`Operation::unbind`] is [sent](await_layer::Handle::send). A notice of
//!   the server's (id 0) is a plain message, to be unpacked as an
//!   [`Operation`], which fails with the code that the notice bears.
//! * [`LdapFraming`] cuts messages out of a stream. What puts another layer
//!   into the stream (StartTLS, SASL with integrity) is not spoken: bring TLS
//!   with the stream.

mod ber;
mod codec;
mod framing;
mod operation;
mod packer;
mod tag;

pub use ber::{Ber, Values};
pub use codec::{Ask, Codec};
pub use framing::LdapFraming;
pub use operation::{Change, Entry, Filter, Operation, Scope};
pub use packer::{Failure, Found, Operations, Outcome};

use await_layer::{Protocol, SlotIds};
use bytes::Bytes;

/// The protocol, for either end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ldap;

impl Ldap {
    /// Each connection has ids of its own.
    pub fn new() -> Self {
        Self
    }
}

impl Protocol for Ldap {
    type Frame = Bytes;
    type Packer = Operations;
    type Codec = Codec;
    type Ids = SlotIds<i32>;

    fn into_parts(self) -> (Operations, Codec, SlotIds<i32>) {
        (Operations, Codec::new(), SlotIds::new())
    }
}

#[cfg(test)]
mod tests {
    use await_layer::{IdGenerator, Slot, SlotIds};

    use super::codec::FIRST_OF_CALLS;

    #[test]
    fn calls_and_messages_without_an_answer_share_no_ids() {
        let mut ids = SlotIds::<i32>::new();
        for index in [0, 1, (1 << 20) - 1] {
            for turn in (0..5000).chain([u32::MAX]) {
                let id = ids.next(Slot { index, turn }).unwrap();
                assert!(id >= FIRST_OF_CALLS, "{index} {turn}: {id}");
            }
        }
    }
}
