//! The wire of letters, with frames that carry something along.

use std::fmt;
use std::sync::Arc;

use await_layer::{
    AwaitIdCodec, AwaitLayer, Handle, Head, Incoming, Limits, Link, ManualTimer, Pack, Packer,
    Peek, Protocol, Refusal, SealError, Unpack,
};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::{self, Remote, Scripted};

use crate::stage::{Broken, Ids, Letters, LettersCodec, Text};

pub(crate) type Io = Contract<Scripted<Note, Broken>>;
pub(crate) type Joint<G> = Link<Io, Notes<G>, ManualTimer>;

/// What a frame carries along: runs this when the last clone is dropped.
pub(crate) struct Cargo(Box<dyn Fn() + Send + Sync>);

impl Cargo {
    pub(crate) fn new(on_drop: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self(Box::new(on_drop)))
    }
}

impl Drop for Cargo {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl fmt::Debug for Cargo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cargo")
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) text: String,
    pub(crate) _cargo: Option<Arc<Cargo>>,
}

impl Note {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            _cargo: None,
        }
    }

    pub(crate) fn with(text: impl Into<String>, cargo: &Arc<Cargo>) -> Self {
        Self {
            text: text.into(),
            _cargo: Some(cargo.clone()),
        }
    }
}

/// One end on a transport that the test plays.
pub(crate) struct NoteStage<G: Ids> {
    pub(crate) remote: Remote<Note, Broken>,
    pub(crate) handle: Handle<Joint<G>>,
    pub(crate) incoming: Incoming<Joint<G>>,
}

pub(crate) fn note_stage<G: Ids>(ids: G, limits: Limits) -> NoteStage<G> {
    let (io, remote) = script::scripted();
    let io = Contract::new(io);
    let layer = AwaitLayer::with(io, Notes(ids), ManualTimer::new(), limits);
    let (handle, incoming) = layer.split();
    NoteStage {
        remote,
        handle,
        incoming,
    }
}

pub(crate) struct Notes<G>(G);

pub(crate) struct NotesCodec<I>(LettersCodec<I>);

impl<G: Ids> Protocol for Notes<G> {
    type Frame = Note;
    type Packer = Verbatim;
    type Codec = NotesCodec<G::Id>;
    type Ids = G;

    fn into_parts(self) -> (Verbatim, NotesCodec<G::Id>, G) {
        let letters = Letters {
            ids: self.0,
            answers_cancelled: true,
        };
        let (_, codec, ids) = letters.into_parts();
        (Verbatim, NotesCodec(codec), ids)
    }
}

impl<I: Text> AwaitIdCodec<Note> for NotesCodec<I> {
    type Id = I;
    type Ask = String;

    fn peek(&mut self, note: &Note) -> Peek<I, String> {
        self.0.peek(&note.text)
    }

    fn seal(&mut self, note: &mut Note, head: Head<'_, I, String>) -> Result<(), SealError> {
        self.0.seal(&mut note.text, head)
    }

    fn strip(&mut self, note: &mut Note) {
        self.0.strip(&mut note.text);
    }

    fn cancel(&mut self, id: &I) -> Option<Note> {
        self.0.cancel(id).map(Note::new)
    }

    fn refuse(&mut self, ask: &String, why: Refusal) -> Option<Note> {
        self.0.refuse(ask, why).map(Note::new)
    }

    fn end(&mut self, ask: &String) -> Option<Note> {
        self.0.end(ask).map(Note::new)
    }

    fn answers_cancelled(&self) -> bool {
        self.0.answers_cancelled()
    }

    fn size(note: &Note) -> usize {
        note.text.len()
    }
}

/// Notes as they are.
#[derive(Debug)]
pub(crate) struct Verbatim;

impl Packer for Verbatim {
    type Error = String;
}

impl Pack<Note, Note> for Verbatim {
    fn pack(&self, note: &Note) -> Result<Note, String> {
        Ok(note.clone())
    }
}

impl Unpack<Note, Note> for Verbatim {
    fn unpack(&self, note: Note) -> Result<Note, String> {
        Ok(note)
    }
}
