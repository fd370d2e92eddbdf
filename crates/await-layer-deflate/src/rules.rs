//! Which messages may go out on one connection, and how.

use await_layer::SealError;

use crate::writer::MAX_FRAGMENTS;
use crate::{Config, Frame, Ignored, Role, SendOptions, Unsupported};

/// Bytes that an id hardly ever takes.
const ID_ROOM: usize = 4096;
/// Of pings and pongs, whatever the configuration.
const MAX_CONTROL: usize = 125;

#[derive(Clone, Debug)]
pub(crate) struct Rules {
    max_message: usize,
    role: Role,
    compresses: bool,
    /// Options that cannot be had are ignored, and counted here.
    ignored: Option<Ignored>,
    run: Option<Run>,
}

/// A message in fragments that is not complete yet.
#[derive(Clone, Copy, Debug)]
struct Run {
    is_text: bool,
    bytes: usize,
    fragments: usize,
}

/// Options as they can be had, and how many could not.
pub(crate) struct Allowed {
    options: SendOptions,
    ignored: u64,
}

impl Rules {
    pub(crate) fn new<P>(config: &Config<P>, role: Role, compresses: bool) -> Self {
        Self {
            max_message: config.max_message,
            role,
            compresses,
            ignored: match &config.unsupported {
                Unsupported::Refuse => None,
                Unsupported::Ignore(ignored) => Some(ignored.clone()),
            },
            run: None,
        }
    }

    /// Whether the options of this frame can be had.
    pub(crate) fn options(&self, frame: &Frame) -> Result<Allowed, SealError> {
        let mut options = frame.options();
        if frame.is_control() {
            return Ok(Allowed {
                options,
                ignored: 0,
            });
        }
        let mut ignored: u64 = 0;
        let mut ignore = |option: &mut Option<bool>, why| {
            if self.ignored.is_none() {
                return Err(SealError::new(why));
            }
            *option = None;
            ignored = ignored.saturating_add(1);
            Ok(())
        };
        if options.compress == Some(true) && !self.compresses {
            let why = "the option compress cannot be had: the two ends of this await-layer-deflate \
                connection did not agree on permessage-deflate; leave it out or turn it on at both";
            ignore(&mut options.compress, why)?;
        }
        if options.mask.is_some_and(|mask| mask != self.role.masks()) {
            let why = match self.role {
                Role::Client => "the option mask cannot be false: a WebSocket client must mask",
                Role::Server => "the option mask cannot be true: a WebSocket server must not mask",
            };
            ignore(&mut options.mask, why)?;
        }
        if options.binary == Some(false) && frame.is_binary() {
            let why =
                "the option binary cannot be false: the bytes are not UTF-8, which text must be";
            ignore(&mut options.binary, why)?;
        }
        let is_other_kind = |run: Run| run.is_text != frame.is_text();
        if options.fin.is_some() && self.run.is_some_and(is_other_kind) {
            // There is no way to go on without it.
            let why =
                "the fragments of a message are all text or all binary: set the option binary";
            return Err(SealError::new(why));
        }
        let is_long = |run: Run| run.fragments.saturating_add(1) >= MAX_FRAGMENTS;
        if options.fin == Some(false) && self.run.is_some_and(is_long) {
            let why = format!("a message has at most {MAX_FRAGMENTS} fragments: send the last one");
            return Err(SealError::new(why));
        }
        Ok(Allowed { options, ignored })
    }

    /// Whether a frame of this size fits.
    pub(crate) fn size(&self, frame: &Frame) -> Result<(), SealError> {
        let bytes = frame.len();
        let why = if frame.is_control() {
            if bytes <= MAX_CONTROL {
                return Ok(());
            }
            format!("pings and pongs have at most {MAX_CONTROL} bytes, this one has {bytes}")
        } else {
            let before = self.bytes_before(frame);
            let max = self.max_message;
            if before.saturating_add(bytes) <= max {
                return Ok(());
            }
            let so_far = match before {
                0 => String::new(),
                before => format!(" behind fragments of {before}"),
            };
            format!(
                "the message has {bytes} bytes{so_far} and max_message allows {max}: \
                 send less at a time or raise it"
            )
        };
        Err(SealError::new(why))
    }

    /// Whether an id can make it too large.
    pub(crate) fn is_near(&self, frame: &Frame) -> bool {
        let bytes = self.bytes_before(frame).saturating_add(frame.len());
        bytes.saturating_add(ID_ROOM) > self.max_message
    }

    /// The frame goes out, with these options.
    pub(crate) fn admit(&mut self, frame: &mut Frame, allowed: Allowed) {
        if let Some(ignored) = &self.ignored {
            ignored.add(allowed.ignored);
        }
        frame.set_options(allowed.options);
        if frame.is_control() {
            return;
        }
        match allowed.options.fin {
            None => {}
            Some(true) => self.run = None,
            Some(false) => {
                self.run = Some(Run {
                    is_text: frame.is_text(),
                    bytes: self.bytes_before(frame).saturating_add(frame.len()),
                    fragments: self.run.map_or(0, |run| run.fragments).saturating_add(1),
                });
            }
        }
    }

    /// Bytes of the fragments that it belongs to.
    fn bytes_before(&self, frame: &Frame) -> usize {
        match (frame.options().fin, self.run) {
            (Some(_), Some(run)) => run.bytes,
            _ => 0,
        }
    }
}
