//! The peer: answers as it is asked to, at once or slowly.

use std::sync::Arc;
use std::time::Duration;

use await_layer::{Event, Incoming, Packer, Protocol, Request, Responder, SendError, Transport};
use await_layer_testkit::rng::Rng;
use futures::StreamExt;
use tokio::time::{sleep, timeout};

use crate::end::{Speech, Wired};
use crate::letter::{Letter, Wish};
use crate::shared::{Alive, Shared};
use crate::tally::add;

/// How long a request is held whose cancel does not come.
const HELD: Duration = Duration::from_secs(1);

/// A slow peer thinks for up to so many milliseconds.
const SLOW: usize = 20;

/// Takes the requests of one end until it is over; each is answered in a task
/// of its own.
pub(crate) async fn all<S, P>(mut incoming: Incoming<Wired<S, P>>, slow: bool, shared: Arc<Shared>)
where
    S: Transport<P::Frame, ReadError: Send> + Send + 'static,
    P: Speech,
{
    let alive = shared.alive();
    while let Some(event) = incoming.next().await {
        if let Event::Request(request) = event {
            tokio::spawn(one(request, slow, shared.clone(), alive.clone()));
        }
    }
}

async fn one<S, P>(request: Request<Wired<S, P>>, slow: bool, shared: Arc<Shared>, alive: Alive)
where
    S: Transport<P::Frame, ReadError: Send> + Send + 'static,
    P: Speech,
{
    match request.unpack::<Letter>() {
        Ok((letter, responder)) => {
            if slow {
                let mut rng = Rng::new(letter.number);
                sleep(Duration::from_millis(rng.below(SLOW) as u64)).await;
            }
            match answer(&letter, responder).await {
                // It is over, and its calls are told so.
                Ok(()) | Err(SendError::Closed { .. }) => {}
                Err(_) => add(&shared.tally.spoilt, 1),
            }
        }
        Err(_) => add(&shared.tally.spoilt, 1),
    }
    drop(alive);
}

type Sent<P> =
    Result<(), SendError<<P as Protocol>::Frame, <<P as Protocol>::Packer as Packer>::Error>>;

async fn answer<S, P>(letter: &Letter, mut responder: Responder<Wired<S, P>>) -> Sent<P>
where
    S: Transport<P::Frame, ReadError: Send> + Send + 'static,
    P: Speech,
{
    match letter.wish {
        Wish::Reply(size) => responder.reply(&letter.answer(0, size)).await,
        Wish::Parts(count, size) => {
            // Every other one ends with a mark and not with its last part.
            let marked = letter.number % 2 == 0;
            let parts = if marked { count } else { count - 1 };
            for part in 0..parts {
                responder.reply_part(&letter.answer(part, size)).await?;
            }
            if marked {
                responder.end().await
            } else {
                responder.reply(&letter.answer(parts, size)).await
            }
        }
        Wish::Hold => {
            drop(timeout(HELD, responder.cancelled()).await);
            Ok(())
        }
        Wish::Silence | Wish::None => Ok(()),
    }
}
