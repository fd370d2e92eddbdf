//! F25: messages that have no bytes.

use await_layer::Limits;

use crate::rig::Rig;
use crate::scaled;
use crate::table::Table;
use crate::wire::Kinds;

pub(crate) fn measure(table: &mut Table) {
    let limits = Limits {
        max_inbound: usize::MAX,
        max_inbound_bytes: scaled(4 << 20),
        ..Limits::default()
    };
    let (many, bytes) = (scaled(1_000_000), limits.max_inbound_bytes);
    let mut rig = Rig::new(Kinds::default(), limits);
    // Reading goes on while a call waits.
    let _call = rig.calls::<Vec<u8>>(1, &vec![7]);
    let mut left = many;
    rig.make(move || {
        left = left.checked_sub(1)?;
        Some(Vec::new())
    });
    rig.peak.restart();
    rig.turns(|rig| rig.read() == many as u64);
    let held = many as u64 - rig.handle.stats().dropped;
    let what = |what: &str| format!("{many} empty messages: {what}");
    table.exactly(&what("held"), held, "messages", bytes.div_ceil(128) as u64);
    table.at_most(&what("memory at the peak"), rig.peak.most(), "bytes", bytes);
}
