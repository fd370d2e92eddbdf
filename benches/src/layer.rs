//! The layer, driven by its callers alone or by a spawned driver.

use await_layer::{
    AwaitIdCodec, AwaitLayer, Handle, Head, Limits, Link, Peek, Protocol, Raw, SealError, SlotIds,
    TokioTimer,
};
use bytes::BytesMut;
use futures::FutureExt;

use crate::load::{Client, Load};
use crate::meter::Sample;
use crate::wire::{Wire, id_of, seal, strip};

pub struct Echo;

/// The id in the first 8 bytes; the far end never asks.
pub struct Header;

impl Protocol for Echo {
    type Frame = BytesMut;
    type Packer = Raw;
    type Codec = Header;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Raw, Header, SlotIds<u64>) {
        (Raw, Header, SlotIds::new())
    }
}

impl AwaitIdCodec<BytesMut> for Header {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, frame: &BytesMut) -> Peek<u64, u64> {
        Peek::Reply(id_of(frame))
    }

    fn seal(&mut self, frame: &mut BytesMut, head: Head<'_, u64, u64>) -> Result<(), SealError> {
        let Head::Request(id) = head else {
            return Err(SealError::new("requests only"));
        };
        seal(frame, *id);
        Ok(())
    }

    fn strip(&mut self, frame: &mut BytesMut) {
        strip(frame);
    }

    fn size(frame: &BytesMut) -> usize {
        frame.len()
    }
}

impl<S: Wire> Client for Handle<Link<S, Echo, TokioTimer>> {
    fn call(&self, frame: &BytesMut) -> impl Future<Output = BytesMut> + Send {
        let call = self.send_await::<BytesMut>(frame);
        call.map(|reply| reply.expect("every call is answered"))
    }
}

/// A connection with room for the load.
pub fn open<S: Wire>(io: S, load: &Load) -> Handle<Link<S, Echo, TokioTimer>> {
    let limits = Limits {
        max_in_flight: load.in_flight,
        ..Limits::default()
    };
    AwaitLayer::with(io, Echo, TokioTimer::new(), limits).handle()
}

/// Nothing is spawned: a waiting call drives.
pub async fn by_callers<S: Wire>(io: S, load: Load) -> Sample {
    load.run(&open(io, &load)).await
}

pub async fn by_driver<S: Wire>(io: S, load: Load) -> Sample {
    let handle = open(io, &load);
    tokio::spawn(handle.driver());
    load.run(&handle).await
}
