//! How one message is sent, and what a transport can do of it.

use std::error::Error;
use std::fmt;

/// How one message goes over the wire. What is `None` is as usual.
///
/// An option that cannot be had is an error of the call, which names it and
/// the transport; or it is left out and counted, if
/// [`with_ignore_unsupported`](crate::Settings::with_ignore_unsupported) is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// Compressed or not. Usual: as the transport decides.
    pub compress: Option<bool>,
    /// A binary message or a text one, whatever the data is. Bytes that are not
    /// UTF-8 cannot be text. Usual: as the data is packed.
    pub binary: Option<bool>,
    /// Masked or not. RFC 6455 leaves no choice: a client masks, a server does
    /// not. The opposite cannot be had.
    pub mask: Option<bool>,
    /// `Some(false)`: a fragment of a message, of which more follow;
    /// `Some(true)`: its last one. Usual: a whole message.
    ///
    /// The fragments wait at this end and leave behind each other with the last
    /// one, so that no other message gets in between. Until then what is sent
    /// as a fragment is only taken in, not written, though it counts as sent and
    /// cannot be taken back. They are taken in in the order of the queue, which a
    /// call beyond `max_in_flight` joins late. A connection has one
    /// message in fragments at a time, of 4,096 fragments at most, all text or
    /// all binary; the first one says whether they are compressed. An id is put
    /// on the fragment that is sent with `send_await` or `res_await`: the
    /// first, as a rule.
    pub fin: Option<bool>,
}

/// What a transport can do of the [`SendOptions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Its name, for errors.
    pub transport: &'static str,
    /// Whether `compress: true` can be had.
    pub compress: bool,
    /// Whether this end masks: it is a client.
    pub masks: bool,
    /// Whether messages can leave in fragments.
    pub fragments: bool,
}

impl Capabilities {
    /// The options that can be had; the others are named to `refuse`.
    pub(crate) fn allow(
        &self,
        mut options: SendOptions,
        mut refuse: impl FnMut(Unsupported) -> Result<(), Unsupported>,
    ) -> Result<SendOptions, Unsupported> {
        let transport = self.transport;
        let mut check = |asked: &mut Option<bool>, option, can: bool| {
            if let (Some(value), false) = (*asked, can) {
                let unsupported = Unsupported {
                    option,
                    value,
                    transport,
                };
                refuse(unsupported)?;
                *asked = None;
            }
            Ok(())
        };
        let compress = self.compress || options.compress != Some(true);
        check(&mut options.compress, "compress", compress)?;
        let mask = options.mask.is_none_or(|mask| mask == self.masks);
        check(&mut options.mask, "mask", mask)?;
        let fin = self.fragments || options.fin != Some(false);
        check(&mut options.fin, "fin", fin)?;
        Ok(options)
    }
}

/// An option that the transport of this end cannot honour. Leave it out, or
/// take another transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// Its name.
    pub option: &'static str,
    /// What was asked for.
    pub value: bool,
    /// Who cannot do it.
    pub transport: &'static str,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            option,
            value,
            transport,
        } = self;
        write!(
            f,
            "{transport} cannot do {option}: {value} at this end: leave it out"
        )
    }
}

impl Error for Unsupported {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_named_or_left_out() {
        let server = Capabilities {
            transport: "pigeon",
            compress: false,
            masks: false,
            fragments: false,
        };
        let usual = SendOptions::default();
        for (options, option) in [
            (
                SendOptions {
                    compress: Some(true),
                    ..usual
                },
                "compress: true",
            ),
            (
                SendOptions {
                    mask: Some(true),
                    ..usual
                },
                "mask: true",
            ),
            (
                SendOptions {
                    fin: Some(false),
                    ..usual
                },
                "fin: false",
            ),
        ] {
            let why = server.allow(options, Err).unwrap_err();
            assert_eq!(
                why.to_string(),
                format!("pigeon cannot do {option} at this end: leave it out")
            );
            assert_eq!(server.allow(options, |_| Ok(())), Ok(usual));
        }
        let fine = SendOptions {
            compress: Some(false),
            binary: Some(true),
            mask: Some(false),
            fin: Some(true),
        };
        assert_eq!(server.allow(fine, Err), Ok(fine));
    }
}
