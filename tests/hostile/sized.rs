//! F25: messages of the largest size, of one byte more, and of 4 GiB.

use await_layer::{AwaitLayer, Cause, Event, Json, JsonFrame, Protocol, Timer, Transport};
use futures::StreamExt;
use futures::future::join;
use tokio::io::{AsyncWriteExt, DuplexStream};

use crate::ends::{self, End, Visit, Wire};
use crate::peak::Peak;
use crate::table::Table;

const MAX: usize = 1 << 20;

#[derive(Clone, Copy, Debug)]
enum Sent {
    /// As many bytes as are allowed.
    Max,
    /// One more.
    Beyond,
    /// 4 GiB, of which none comes.
    Declared,
}

pub(crate) async fn measure(table: &mut Table) {
    for sent in [Sent::Max, Sent::Beyond, Sent::Declared] {
        let mut sized = Sized { table, sent };
        ends::each(&mut sized, 4096, MAX).await;
    }
}

struct Sized<'a> {
    table: &'a mut Table,
    sent: Sent,
}

impl Visit for Sized<'_> {
    async fn visit<S, P, T>(&mut self, end: End, layer: AwaitLayer<S, P, T>, mut peer: DuplexStream)
    where
        S: Transport<P::Frame>,
        P: Protocol<Frame: JsonFrame, Packer = Json>,
        T: Timer,
    {
        let (handle, mut incoming) = layer.split();
        let wire = match self.sent {
            Sent::Max => end.wire.message(&vec![b'x'; MAX]),
            Sent::Beyond => end.wire.message(&vec![b'x'; MAX + 1]),
            Sent::Declared => end.wire.declared(u64::from(u32::MAX) + 1),
        };
        if wire.is_empty() {
            // A line declares nothing.
            return;
        }
        let peak = Peak::new();
        // It may be refused before it is read to its end.
        let say = async {
            let _ = peer.write_all(&wire).await;
        };
        let hear = async {
            let event = incoming.next().await;
            (event, peak.asked())
        };
        let ((event, asked), ()) = join(hear, say).await;
        let what = |what: &str| format!("{}: {what}", end.name);
        if let Sent::Max = self.sent {
            let arrived = matches!(&event, Some(Event::Message(frame))
                if frame.json().map(<[u8]>::len) == Some(MAX));
            self.table
                .holds(&what("a message of 1 MiB, the limit, arrives"), arrived);
            return;
        }
        assert!(event.is_none(), "{}: it is delivered", end.name);
        let reason = handle.close_reason().expect("it has ended");
        let named = reason.text().contains(end.limit) && reason.cause() == Cause::Transport;
        assert!(named, "{}: {reason}", end.name);
        let (said, limit) = match self.sent {
            Sent::Declared => ("4 GiB declared: refused, allocated for it", 64 << 10),
            // What comes before the end of a line is known to be too long.
            _ if end.wire == Wire::Line => ("a byte more: refused, allocated for it", 4 * MAX),
            _ => ("a byte more: refused, allocated for it", 64 << 10),
        };
        self.table.at_most(&what(said), asked, "bytes", limit);
    }
}
