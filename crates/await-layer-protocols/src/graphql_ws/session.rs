//! The wire: the handshake, pings, and text to messages and back.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use await_layer::{Flow, JsonFrame, Stage, TextId};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::packer::unwritable;
use super::{Failure, Kind, Message};

/// Operations that have had their one result and not yet their `complete`, at
/// most; that of older ones is then a reply to nothing.
const MAX_ANSWERED: usize = 256;

/// Stands below the layer, in a [`Staged`](await_layer::Staged).
///
/// * A client says `connection_init` at once; operations wait, unsent, until the
///   server has acknowledged.
/// * A server acknowledges every client. What the client says of itself is a
///   message that comes before its operations.
/// * Pings are answered, pongs dropped.
pub struct Session<F> {
    role: Role,
    /// What a client says first.
    init: Option<F>,
    /// Operations that want one result.
    single: HashSet<TextId>,
    /// Those that have had it.
    answered: VecDeque<TextId>,
}

#[derive(Debug)]
enum Role {
    /// A client that is not acknowledged.
    Waiting,
    Client,
    /// A server that knows nothing of the client.
    Listening,
    Server,
}

/// What ends the connection: the peer breaks the rules, and the text says how.
/// Correct the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(&'static str);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Fault {}

impl<F: JsonFrame> Session<F> {
    /// The client's end.
    pub fn client() -> Self {
        let init = r#"{"type":"connection_init"}"#.to_owned();
        Self::new(Role::Waiting, Some(F::from_json(init)))
    }

    /// The client's end; `payload` says who it is, in an object that the server
    /// understands.
    ///
    /// # Errors
    /// The payload is no JSON: change it or its `Serialize`.
    pub fn client_with(payload: &impl Serialize) -> Result<Self, Failure> {
        let payload = to_raw_value(payload).map_err(unwritable)?;
        let init = format!(r#"{{"type":"connection_init","payload":{payload}}}"#);
        Ok(Self::new(Role::Waiting, Some(F::from_json(init))))
    }

    /// The server's end.
    pub fn server() -> Self {
        Self::new(Role::Listening, None)
    }

    fn new(role: Role, init: Option<F>) -> Self {
        Self {
            role,
            init,
            single: HashSet::new(),
            answered: VecDeque::new(),
        }
    }
}

/// A message as it is written.
#[derive(Serialize, Deserialize)]
struct Text<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
}

fn text<F: JsonFrame>(message: &Message) -> Result<F, Fault> {
    let text = Text {
        id: message.id.as_ref().map(|id| id.as_str().to_owned()),
        kind: match message.kind {
            Kind::Cancel => Kind::Complete,
            kind => kind,
        },
        payload: message.payload.as_deref(),
    };
    let text = serde_json::to_string(&text);
    text.map(F::from_json)
        .map_err(|_| Fault("a message has no JSON"))
}

impl<F: JsonFrame> Session<F> {
    /// An operation or its cancel, to a server that has acknowledged.
    fn ask(&mut self, message: &Message, out: &mut Flow<F, Message>) -> Result<(), Fault> {
        if let Some(id) = &message.id {
            if message.kind == Kind::Cancel {
                self.single.remove(id);
            } else if message.single {
                self.single.insert(id.clone());
            }
        }
        out.write(text(message)?);
        Ok(())
    }

    /// Forgets that the `complete` of an operation is still to come.
    fn is_answered(&mut self, id: &TextId) -> bool {
        let place = self.answered.iter().position(|it| it == id);
        place.is_some_and(|place| self.answered.remove(place).is_some())
    }

    /// Marks the one result of an operation that wants one. Whether anybody
    /// is to see the message.
    fn concerns_a_call(
        &mut self,
        message: &mut Message,
        id: &TextId,
        out: &mut Flow<F, Message>,
    ) -> Result<bool, Fault> {
        match message.kind {
            Kind::Next if self.single.remove(id) => {
                message.single = true;
                if self.answered.len() >= MAX_ANSWERED {
                    self.answered.pop_front();
                }
                self.answered.push_back(id.clone());
            }
            // It has more results than are wanted.
            Kind::Next if self.is_answered(id) => {
                out.write(text(&Message::of(Kind::Cancel, id))?);
                return Ok(false);
            }
            // First: the id may be another operation's by now.
            Kind::Complete if self.is_answered(id) => return Ok(false),
            Kind::Error | Kind::Complete => {
                self.single.remove(id);
            }
            _ => {}
        }
        Ok(true)
    }
}

impl<F: JsonFrame> Stage for Session<F> {
    type Wire = F;
    type Frame = Message;
    type Error = Fault;

    fn start(&mut self, out: &mut Flow<F, Message>) {
        if let Some(init) = self.init.take() {
            out.write(init);
        }
    }

    fn is_ready(&self) -> bool {
        !matches!(self.role, Role::Waiting)
    }

    fn read(&mut self, wire: F, out: &mut Flow<F, Message>) -> Result<(), Fault> {
        // serde would read the fields out of an array too.
        let json = wire
            .json()
            .filter(|json| json.trim_ascii_start().starts_with(b"{"));
        let read = json.and_then(|json| serde_json::from_slice(json).ok());
        let Some(Text { id, kind, payload }) = read else {
            return Err(Fault("the peer sent no message of the protocol"));
        };
        let mut message = Message::new(kind, payload.map(ToOwned::to_owned));
        message.id = id.map(TextId::from);
        match (&self.role, kind, message.id.clone()) {
            (_, Kind::Ping, _) => {
                message.kind = Kind::Pong;
                out.write(text(&message)?);
                return Ok(());
            }
            (_, Kind::Pong, _) => return Ok(()),
            (Role::Waiting, Kind::ConnectionAck, None) => {
                self.role = Role::Client;
            }
            (Role::Client, Kind::Next | Kind::Error | Kind::Complete, Some(id)) => {
                if !self.concerns_a_call(&mut message, &id, out)? {
                    return Ok(());
                }
            }
            (Role::Listening, Kind::ConnectionInit, None) => {
                self.role = Role::Server;
                out.write(text(&Message::new(Kind::ConnectionAck, None))?);
            }
            (Role::Server, Kind::Subscribe, Some(_)) => {}
            (Role::Server, Kind::Complete, Some(_)) => message.kind = Kind::Cancel,
            _ => return Err(Fault("the peer sent a message out of turn")),
        }
        out.deliver(message);
        Ok(())
    }

    fn write(&mut self, message: Message, out: &mut Flow<F, Message>) -> Result<(), Fault> {
        match (&self.role, message.kind) {
            (Role::Client, _) => self.ask(&message, out)?,
            _ => {
                out.write(text(&message)?);
                if let (Kind::Next, true, Some(id)) = (message.kind, message.single, &message.id) {
                    out.write(text(&Message::of(Kind::Complete, id))?);
                }
            }
        }
        Ok(())
    }
}

/// Prints no payload.
impl<F> fmt::Debug for Session<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("role", &self.role)
            .field("single", &self.single.len())
            .field("answered", &self.answered.len())
            .finish_non_exhaustive()
    }
}
