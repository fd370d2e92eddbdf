//! What can be changed while a connection lives.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use await_layer::{IdGenerator, RandomText, Slot};
use serde_json::Value;

use crate::hooks::{Attach, Delete, Extract, Generate, Hook, HookError, Pack, Unpack};
use crate::{AwaitId, Data, Payload};

/// The settings of the original, under its names. `with_` sets one, `without_`
/// turns one off (the original's `null`), the bare name reads or runs it.
///
/// They take effect with [`set_settings`](crate::WebSocketAwait::set_settings),
/// which checks all of them first. The functions run in whichever task drives
/// the connection, and that which makes ids in the caller's: keep them short and
/// never block in them. One that fails or panics fails the one message that it
/// was given.
///
/// ```
/// use std::time::Duration;
/// use await_layer_ws_await::Settings;
///
/// let settings = Settings::new()
///     .with_await_timeout(Duration::from_secs(3))
///     .with_name_await_id("rid")
///     .with_leave_await_id(true);
/// # settings.validate().unwrap();
/// ```
#[derive(Clone)]
pub struct Settings {
    await_timeout: Duration,
    name_await_id: String,
    leave_await_id: bool,
    ignore_unsupported: bool,
    pub(crate) pack: Option<Hook<Pack>>,
    pub(crate) unpack: Option<Hook<Unpack>>,
    pub(crate) generate: Hook<Generate>,
    pub(crate) attach: Hook<Attach>,
    pub(crate) extract: Option<Hook<Extract>>,
    pub(crate) delete: Hook<Delete>,
}

impl Settings {
    /// The original's defaults: 10 seconds, `awaitId`, JSON.
    #[must_use]
    pub fn new() -> Self {
        Self {
            await_timeout: Duration::from_secs(10),
            name_await_id: "awaitId".to_owned(),
            leave_await_id: false,
            ignore_unsupported: false,
            pack: Some(Hook::Usual),
            unpack: Some(Hook::Usual),
            generate: Hook::Usual,
            attach: Hook::Usual,
            extract: Some(Hook::Usual),
            delete: Hook::Usual,
        }
    }

    /// How long a call may take, of calls that start later. From the call to
    /// the reply; at most 2^31 - 1 ms, or [`Duration::MAX`] for ever.
    #[must_use]
    pub fn with_await_timeout(mut self, timeout: Duration) -> Self {
        self.await_timeout = timeout;
        self
    }

    /// The field that holds the id, for the usual attach, extract and delete.
    /// Both ends must agree on it.
    #[must_use]
    pub fn with_name_await_id(mut self, name: impl Into<String>) -> Self {
        self.name_await_id = name.into();
        self
    }

    /// Whether delivered data keep the id, at this end.
    #[must_use]
    pub fn with_leave_await_id(mut self, leave: bool) -> Self {
        self.leave_await_id = leave;
        self
    }

    /// Whether options that the transport cannot honour are left out and
    /// counted ([`ignored_options`](crate::WebSocketAwait::ignored_options))
    /// instead of an error.
    #[must_use]
    pub fn with_ignore_unsupported(mut self, ignore: bool) -> Self {
        self.ignore_unsupported = ignore;
        self
    }

    /// Makes a message of JSON. Usual: its text. Raw data is not packed.
    #[must_use]
    pub fn with_pack_message(
        mut self,
        pack: impl Fn(&Value) -> Result<Payload, HookError> + Send + Sync + 'static,
    ) -> Self {
        self.pack = Some(Hook::Own(Arc::new(pack)));
        self
    }

    /// Only raw data can be sent.
    #[must_use]
    pub fn without_pack_message(mut self) -> Self {
        self.pack = None;
        self
    }

    /// Makes data of a message. Usual: reads it as JSON.
    #[must_use]
    pub fn with_unpack_message(
        mut self,
        unpack: impl Fn(&Payload) -> Result<Data, HookError> + Send + Sync + 'static,
    ) -> Self {
        self.unpack = Some(Hook::Own(Arc::new(unpack)));
        self
    }

    /// Messages are delivered raw.
    #[must_use]
    pub fn without_unpack_message(mut self) -> Self {
        self.unpack = None;
        self
    }

    /// Makes the ids of our calls. Usual: random text with a tag of this
    /// connection, by which a reply is told from a request of the peer's.
    ///
    /// Your own ids have no tag: make such that the peer never makes the same.
    /// A request of the peer's under one that is in use, or was among the last
    /// 1,024, is taken for a reply. An id in use is an error of the call, and
    /// so is one that is falsy in JavaScript, a number that comes back from there
    /// as another (7.0, or above 2^53), or more than 1,024 bytes.
    ///
    /// One whose call ended without a reply is kept until a late reply can no
    /// longer come: see `max_retired` of the [`Limits`](crate::Limits), which a
    /// peer that never answers reaches.
    #[must_use]
    pub fn with_generate_await_id(
        mut self,
        generate: impl Fn() -> Result<AwaitId, HookError> + Send + Sync + 'static,
    ) -> Self {
        self.generate = Hook::Own(Arc::new(generate));
        self
    }

    /// Puts an id on data. Usual: as the first field of a JSON object; other
    /// data, and objects that have the field, are refused.
    #[must_use]
    pub fn with_attach_await_id(
        mut self,
        attach: impl Fn(Data, &AwaitId) -> Result<Data, HookError> + Send + Sync + 'static,
    ) -> Self {
        self.attach = Hook::Own(Arc::new(attach));
        self
    }

    /// Reads the id off data, before it is deleted. Usual: the field. A falsy
    /// id counts as none; a message whose id takes more than 1,024 bytes is an
    /// [`Event::Error`](crate::Event::Error).
    #[must_use]
    pub fn with_extract_await_id(
        mut self,
        extract: impl Fn(&Data) -> Option<AwaitId> + Send + Sync + 'static,
    ) -> Self {
        self.extract = Some(Hook::Own(Arc::new(extract)));
        self
    }

    /// No correlation: everything that comes is a plain message, so calls run
    /// into their timeout.
    #[must_use]
    pub fn without_extract_await_id(mut self) -> Self {
        self.extract = None;
        self
    }

    /// Takes the id off data that is delivered. Usual: the field.
    #[must_use]
    pub fn with_delete_await_id(
        mut self,
        delete: impl Fn(Data) -> Data + Send + Sync + 'static,
    ) -> Self {
        self.delete = Hook::Own(Arc::new(delete));
        self
    }

    /// See [`with_await_timeout`](Self::with_await_timeout).
    #[must_use]
    pub fn await_timeout(&self) -> Duration {
        self.await_timeout
    }

    /// See [`with_name_await_id`](Self::with_name_await_id).
    #[must_use]
    pub fn name_await_id(&self) -> &str {
        &self.name_await_id
    }

    /// See [`with_leave_await_id`](Self::with_leave_await_id).
    #[must_use]
    pub fn leave_await_id(&self) -> bool {
        self.leave_await_id
    }

    /// See [`with_ignore_unsupported`](Self::with_ignore_unsupported).
    #[must_use]
    pub fn ignore_unsupported(&self) -> bool {
        self.ignore_unsupported
    }

    /// Packs data as it would be sent.
    ///
    /// # Errors
    /// The function's own, or JSON while packing is off.
    pub fn pack_message(&self, data: Data) -> Result<Payload, HookError> {
        let value = match data {
            Data::Text(text) => return Ok(Payload::Text(text)),
            Data::Binary(bytes) => return Ok(Payload::Binary(bytes)),
            Data::Json(value) => value,
        };
        match &self.pack {
            None => Err("packing is off: send Data::text or Data::binary".into()),
            Some(Hook::Own(pack)) => pack(&value),
            Some(Hook::Usual) => Ok(Payload::Text(serde_json::to_string(&value)?)),
        }
    }

    /// Unpacks a message as it would be received.
    ///
    /// # Errors
    /// The function's own, or text that is no JSON.
    pub fn unpack_message(&self, payload: &Payload) -> Result<Data, HookError> {
        match &self.unpack {
            None => Ok(payload.clone().into()),
            Some(Hook::Own(unpack)) => unpack(payload),
            Some(Hook::Usual) => match serde_json::from_slice(payload.as_bytes()) {
                Ok(value) => Ok(Data::Json(value)),
                // Its own words may quote the payload.
                Err(error) => {
                    let (line, column) = (error.line(), error.column());
                    Err(format!("not JSON at line {line}, column {column}").into())
                }
            },
        }
    }

    /// An id such as calls get.
    ///
    /// # Errors
    /// The function's own, or no randomness from the operating system.
    pub fn generate_await_id(&self) -> Result<AwaitId, HookError> {
        match &self.generate {
            Hook::Own(generate) => generate(),
            Hook::Usual => {
                let slot = Slot { index: 0, turn: 0 };
                let id = RandomText::new().next(slot);
                Ok(id.ok_or("the random source failed")?.into())
            }
        }
    }

    pub(crate) fn generates_as_usual(&self) -> bool {
        matches!(self.generate, Hook::Usual)
    }

    /// Puts `id` on `data`.
    ///
    /// # Errors
    /// The function's own, or data that cannot carry an id.
    pub fn attach_await_id(&self, data: Data, id: &AwaitId) -> Result<Data, HookError> {
        if let Hook::Own(attach) = &self.attach {
            return attach(data, id);
        }
        let name = &self.name_await_id;
        let Data::Json(Value::Object(mut members)) = data else {
            let shape = shape(&data);
            return Err(format!("{shape} cannot carry an id: send a JSON object").into());
        };
        if members.contains_key(name) {
            let why = format!("the data has a field {name:?}, which is the id's: leave it out");
            return Err(why.into());
        }
        members.shift_insert(0, name.clone(), id.to_value());
        Ok(Data::Json(Value::Object(members)))
    }

    /// The id on `data`, if there is one and correlation is not off.
    #[must_use]
    pub fn extract_await_id(&self, data: &Data) -> Option<AwaitId> {
        let id = match self.extract.as_ref()? {
            Hook::Own(extract) => extract(data),
            Hook::Usual => {
                let id = data.as_json()?.as_object()?.get(&self.name_await_id)?;
                Some(id.clone().into())
            }
        };
        id.filter(|id| !id.is_falsy())
    }

    /// Takes the id off `data`.
    #[must_use]
    pub fn delete_await_id(&self, data: Data) -> Data {
        match (&self.delete, data) {
            (Hook::Own(delete), data) => delete(data),
            (Hook::Usual, Data::Json(Value::Object(mut members))) => {
                // In order: the others keep their places.
                members.shift_remove(&self.name_await_id);
                Data::Json(Value::Object(members))
            }
            (Hook::Usual, data) => data,
        }
    }
}

fn shape(data: &Data) -> &'static str {
    match data {
        Data::Text(_) | Data::Binary(_) => "raw data",
        Data::Json(Value::Array(_)) => "an array",
        Data::Json(Value::String(_)) => "a string",
        Data::Json(Value::Number(_)) => "a number",
        Data::Json(Value::Bool(_)) => "a boolean",
        Data::Json(_) => "null",
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("await_timeout", &self.await_timeout)
            .field("name_await_id", &self.name_await_id)
            .field("leave_await_id", &self.leave_await_id)
            .field("ignore_unsupported", &self.ignore_unsupported)
            .field(
                "pack_message",
                &self.pack.as_ref().map_or("off", Hook::kind),
            )
            .field(
                "unpack_message",
                &self.unpack.as_ref().map_or("off", Hook::kind),
            )
            .field("generate_await_id", &self.generate.kind())
            .field("attach_await_id", &self.attach.kind())
            .field(
                "extract_await_id",
                &self.extract.as_ref().map_or("off", Hook::kind),
            )
            .field("delete_await_id", &self.delete.kind())
            .finish()
    }
}
