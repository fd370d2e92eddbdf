//! What Rust's types cannot check of the settings.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::hooks::guarded;
use crate::{AwaitId, Data, Settings};

/// What the timers of JavaScript can count, in milliseconds.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

impl Settings {
    /// Checks all the settings; [`set_settings`](crate::WebSocketAwait::set_settings)
    /// does. `attach_await_id` and `extract_await_id` of your own are tried.
    ///
    /// # Errors
    /// Every field that is wrong, by name.
    pub fn validate(&self) -> Result<(), ValidationError> {
        let mut wrong = Vec::new();
        let mut refuse = |field, why: &str| {
            let why = why.to_owned();
            wrong.push(WrongField { field, why });
        };
        if let Err(why) = check_timeout(self.await_timeout()) {
            refuse("await_timeout", why);
        }
        if self.name_await_id().is_empty() {
            refuse("name_await_id", "it must not be empty");
        }
        if let Err(why) = self.check_attach() {
            refuse("attach_await_id", &why);
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(ValidationError { wrong }),
        }
    }

    /// An id that is put on must be read back, by ourselves as by the peer.
    fn check_attach(&self) -> Result<(), String> {
        if self.extract.is_none() {
            return Ok(());
        }
        let id = AwaitId::from("_validate");
        // The first that it takes: what it takes is its own business.
        let samples = [
            Data::Json(json!({ "validate": true })),
            Data::Json(Value::Null),
            Data::text("validate"),
            Data::binary("validate"),
        ];
        for data in samples {
            let run = || {
                let Ok(attached) = self.attach_await_id(data, &id) else {
                    return Ok(None);
                };
                Ok(Some(self.extract_await_id(&attached)))
            };
            match guarded("a function", run) {
                Ok(None) => {}
                Ok(Some(Some(found))) if found == id => return Ok(()),
                Ok(Some(_)) => {
                    let why = "extract_await_id does not read back the id that it puts on";
                    return Err(why.to_owned());
                }
                Err(_) => return Err("it or extract_await_id panicked when tried".to_owned()),
            }
        }
        Ok(())
    }
}

fn check_timeout(timeout: Duration) -> Result<(), &'static str> {
    if timeout.is_zero() {
        return Err("it must not be zero: no reply could come in time");
    }
    if timeout > LONGEST && timeout != Duration::MAX {
        return Err("it must be at most 2147483647 ms, or Duration::MAX for ever");
    }
    Ok(())
}

/// Settings that cannot be used; nothing has changed. The original's
/// `WebSocketAwaitValidationError`. Correct the fields that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationError {
    wrong: Vec<WrongField>,
}

impl ValidationError {
    /// Every wrong field.
    #[must_use]
    pub fn wrong(&self) -> &[WrongField] {
        &self.wrong
    }
}

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongField {
    /// Its name.
    pub field: &'static str,
    /// What it should be.
    pub why: String,
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrong settings: ")?;
        for (at, WrongField { field, why }) in self.wrong.iter().enumerate() {
            let comma = if at == 0 { "" } else { "; " };
            write!(f, "{comma}{field}: {why}")?;
        }
        Ok(())
    }
}

impl Error for ValidationError {}

/// Settings in use.
#[derive(Debug)]
pub(crate) struct Live(Mutex<Arc<Settings>>);

impl Live {
    pub(crate) fn new(settings: Settings) -> Result<Self, ValidationError> {
        settings.validate()?;
        Ok(Self(Mutex::new(Arc::new(settings))))
    }

    pub(crate) fn get(&self) -> Arc<Settings> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Replaces all of them or none.
    pub(crate) fn set(&self, settings: Settings) -> Result<(), ValidationError> {
        settings.validate()?;
        let mut settings = Arc::new(settings);
        {
            let mut live = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut *live, &mut settings);
        }
        // What the old functions own is dropped here, after the lock.
        drop(settings);
        Ok(())
    }

    /// Changes one field, whatever the others become meanwhile.
    pub(crate) fn set_await_timeout(&self, timeout: Duration) -> Result<(), ValidationError> {
        if let Err(why) = check_timeout(timeout) {
            let (field, why) = ("await_timeout", why.to_owned());
            let wrong = vec![WrongField { field, why }];
            return Err(ValidationError { wrong });
        }
        let old = {
            let mut live = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let new = Settings::clone(&live).with_await_timeout(timeout);
            std::mem::replace(&mut *live, Arc::new(new))
        };
        drop(old);
        Ok(())
    }
}
