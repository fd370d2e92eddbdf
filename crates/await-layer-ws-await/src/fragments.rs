//! Messages in fragments, until the last one.

use crate::{Outgoing, Payload, SendCause, SendOptions};

/// Of a message that waits for the last one: each takes memory, even without
/// payload.
const MAX_FRAGMENTS: usize = 4096;

/// The message in fragments that is not complete yet, if there is one.
pub(crate) struct Fragments {
    max_message: usize,
    run: Option<Outgoing>,
    bytes: usize,
}

impl Fragments {
    pub(crate) fn new(max_message: usize) -> Self {
        Self {
            max_message,
            run: None,
            bytes: 0,
        }
    }

    /// What is to be written now: a whole message or nothing.
    pub(crate) fn add(
        &mut self,
        payload: Payload,
        mut options: SendOptions,
    ) -> Result<Option<Outgoing>, SendCause> {
        let fin = options.fin.take();
        options.binary = None;
        let before = if fin.is_some() { self.bytes } else { 0 };
        let (bytes, max) = (before.saturating_add(payload.len()), self.max_message);
        if bytes > max {
            return Err(SendCause::TooLarge { bytes, max });
        }
        let Some(fin) = fin else {
            return Ok(Some(Outgoing::new(payload, Vec::new(), options)));
        };
        let Some(run) = &mut self.run else {
            let message = Outgoing::new(payload, Vec::new(), options);
            if fin {
                return Ok(Some(message));
            }
            self.run = Some(message);
            self.bytes = bytes;
            return Ok(None);
        };
        if run.payload.is_text() != payload.is_text() {
            let why = "the fragments of a message are all text or all binary";
            return Err(SendCause::Fragment(why));
        }
        // The first one and, at the end, the last one.
        if !fin && run.rest.len().saturating_add(2) >= MAX_FRAGMENTS {
            let why = "a message has at most 4096 fragments: send the last one";
            return Err(SendCause::Fragment(why));
        }
        run.rest.push(payload);
        self.bytes = bytes;
        if !fin {
            return Ok(None);
        }
        self.bytes = 0;
        Ok(self.run.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str, fin: Option<bool>) -> (Payload, SendOptions) {
        let options = SendOptions {
            fin,
            ..SendOptions::default()
        };
        (Payload::Text(text.to_owned()), options)
    }

    #[test]
    fn fragments_wait_for_the_last_and_others_pass() {
        let mut fragments = Fragments::new(10);
        let mut add = |text, fin| {
            let (payload, options) = part(text, fin);
            fragments.add(payload, options)
        };
        assert!(add("12345", Some(false)).unwrap().is_none());
        assert_eq!(add("whole", None).unwrap().unwrap().rest, []);
        assert!(add("", Some(false)).unwrap().is_none());
        let too_large = add("123456", Some(true)).unwrap_err();
        assert!(matches!(
            too_large,
            SendCause::TooLarge { bytes: 11, max: 10 }
        ));
        let message = add("67890", Some(true)).unwrap().unwrap();
        assert_eq!(message.payload.as_bytes(), b"12345");
        assert_eq!(message.rest.len(), 2);
        let alone = add("1234567890", Some(true)).unwrap().unwrap();
        assert_eq!(alone.rest, []);
    }

    #[test]
    fn fragments_are_of_one_kind_and_bounded() {
        let mut fragments = Fragments::new(10);
        let (payload, options) = part("", Some(false));
        let mut taken = 0;
        while fragments.add(payload.clone(), options).is_ok() {
            taken += 1;
        }
        assert_eq!(taken, MAX_FRAGMENTS - 1);
        let (_, last) = part("", Some(true));
        let binary = Payload::Binary(bytes::Bytes::new());
        let other = fragments.add(binary, last).unwrap_err();
        assert!(matches!(other, SendCause::Fragment(_)));
        let message = fragments.add(payload, last).unwrap().unwrap();
        assert_eq!(message.rest.len() + 1, MAX_FRAGMENTS);
    }
}
