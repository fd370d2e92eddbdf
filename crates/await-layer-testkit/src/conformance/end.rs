//! One end of a wire without a layer: the parts of its protocol.

use await_layer::{AwaitIdCodec, Head, IdGenerator, Locate, Pack, Peek, Protocol, Slot, Unpack};

pub(super) type IdOf<P> = <<P as Protocol>::Codec as AwaitIdCodec<<P as Protocol>::Frame>>::Id;
pub(super) type AskOf<P> = <<P as Protocol>::Codec as AwaitIdCodec<<P as Protocol>::Frame>>::Ask;

pub(super) struct End<P: Protocol> {
    packer: P::Packer,
    pub(super) codec: P::Codec,
    ids: P::Ids,
    slots: u32,
}

impl<P: Protocol> End<P> {
    pub(super) fn new(protocol: P) -> Self {
        let (packer, codec, ids) = protocol.into_parts();
        Self {
            packer,
            codec,
            ids,
            slots: 0,
        }
    }

    /// An id for a new call, in a slot of its own.
    pub(super) fn next_id(&mut self) -> IdOf<P> {
        let index = self.slots;
        self.slots += 1;
        let id = self.ids.next(Slot { index, turn: 0 });
        let id = id.expect("the generator has an id for a fresh slot");
        match self.ids.locate(&id) {
            Locate::Slot(found) => assert_eq!(found, index, "the id leads to another slot"),
            Locate::Map => {}
            Locate::Foreign => panic!("the generator does not know an id that it has just made"),
        }
        id
    }

    pub(super) fn pack<V>(&self, value: &V) -> P::Frame
    where
        P::Packer: Pack<P::Frame, V>,
    {
        let packed = self.packer.pack(value);
        packed.unwrap_or_else(|_| panic!("a sample does not pack"))
    }

    pub(super) fn unpack<V>(&self, frame: P::Frame) -> Result<V, &'static str>
    where
        P::Packer: Unpack<P::Frame, V>,
    {
        let unpacked = self.packer.unpack(frame);
        unpacked.map_err(|_| "it does not unpack")
    }

    pub(super) fn seal(&mut self, frame: &mut P::Frame, head: Head<'_, IdOf<P>, AskOf<P>>) {
        if let Err(why) = self.codec.seal(frame, head) {
            panic!("a sample does not seal: {why}");
        }
    }

    /// What the layer would take the frame for: a wire that does not tell
    /// requests from replies relies on the ids.
    pub(super) fn peek(&mut self, frame: &P::Frame) -> Peek<IdOf<P>, AskOf<P>> {
        let (id, ask) = match self.codec.peek(frame) {
            Peek::Either(id, ask) => (id, ask),
            told => return told,
        };
        assert!(
            self.ids.tagged(),
            "this wire does not tell replies from requests, so its id generator must tag its ids"
        );
        match self.ids.locate(&id) {
            Locate::Foreign => Peek::Request(ask),
            Locate::Slot(_) | Locate::Map => Peek::Reply(id),
        }
    }
}

/// What a peek says, without ids: they need not be `Debug`.
pub(super) fn kind<I, A>(peek: &Peek<I, A>) -> &'static str {
    match peek {
        Peek::Reply(_) => "Reply",
        Peek::Part(_) => "Part",
        Peek::End(_) => "End",
        Peek::Request(_) => "Request",
        Peek::Cancel(_) => "Cancel",
        Peek::Either(..) => "Either",
        Peek::Other => "Other",
        Peek::Stray => "Stray",
        Peek::Skip => "Skip",
    }
}
