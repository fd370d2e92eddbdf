//! Messages as an application sees them.

use std::fmt;

use super::Body;

/// What a [`Message`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A method call.
    Call,
    /// Tells whoever listens.
    Signal,
}

/// A method call or a signal, ours or the peer's.
///
/// Names are not checked in full, and a bus ends the connection over one that
/// breaks its rules.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Which of the two it is.
    pub kind: Kind,
    /// 2: start no service for this call. 4: asking the user is allowed. The
    /// flag that no reply is expected goes by how the message is sent.
    pub flags: u8,
    /// The object: `/org/freedesktop/DBus`.
    pub path: Option<String>,
    /// The interface: `org.freedesktop.DBus`. A call may leave it out.
    pub interface: Option<String>,
    /// The method or the signal: `Hello`.
    pub member: Option<String>,
    /// Whom it is for: a name on the bus. Between two peers there is none, and
    /// a signal without one is for all that listen.
    pub destination: Option<String>,
    /// Who sent it, as the bus knows.
    pub sender: Option<String>,
    /// The arguments.
    pub body: Body,
}

impl Message {
    fn new(kind: Kind, path: &str, interface: &str, member: &str) -> Self {
        Self {
            kind,
            flags: 0,
            path: Some(path.to_owned()),
            interface: Some(interface.to_owned()),
            member: Some(member.to_owned()),
            destination: None,
            sender: None,
            body: Body::new(),
        }
    }

    /// A call without arguments.
    #[must_use]
    pub fn call(path: &str, interface: &str, member: &str) -> Self {
        Self::new(Kind::Call, path, interface, member)
    }

    /// A signal without arguments.
    #[must_use]
    pub fn signal(path: &str, interface: &str, member: &str) -> Self {
        Self::new(Kind::Signal, path, interface, member)
    }

    /// A call of the bus itself: `Hello`, before anything else; `RequestName`,
    /// `AddMatch` and others.
    #[must_use]
    pub fn to_bus(member: &str) -> Self {
        let name = "org.freedesktop.DBus";
        Self::call("/org/freedesktop/DBus", name, member).to(name)
    }

    /// The same for the connection of that name.
    #[must_use]
    pub fn to(mut self, destination: &str) -> Self {
        self.destination = Some(destination.to_owned());
        self
    }

    /// The same with these arguments.
    #[must_use]
    pub fn with(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

/// Prints no arguments.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind)
            .field("path", &self.path)
            .field("interface", &self.interface)
            .field("member", &self.member)
            .finish_non_exhaustive()
    }
}

/// How a handler answers: with values, or with an error.
pub type Outcome = Result<Body, ErrorReply>;

/// Why a call failed, in the words of whoever should have answered it, or of
/// the bus.
#[derive(Clone, PartialEq, Eq)]
pub struct ErrorReply {
    /// `org.freedesktop.DBus.Error.Failed`, say.
    pub name: String,
    /// By custom one string for people.
    pub body: Body,
}

impl ErrorReply {
    /// An error that says `text` to people.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            body: Body::new().string(text),
        }
    }

    /// No such method: what a handler answers to what it does not know.
    #[must_use]
    pub fn unknown_method() -> Self {
        let name = "org.freedesktop.DBus.Error.UnknownMethod";
        Self::new(name, "There is no such method")
    }

    /// What it says to people, if anything.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.body.values().string()
    }
}

impl fmt::Display for ErrorReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text().unwrap_or("it says no more");
        write!(f, "{text} ({})", self.name)
    }
}

/// Prints no values.
impl fmt::Debug for ErrorReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorReply")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for ErrorReply {}
