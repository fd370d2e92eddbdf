//! Those who wait for something else than a call or a send.

use super::*;

#[test]
fn a_sink_that_has_gone_is_not_told_for_ever() {
    let mut machine = Machine::<u32, u64, u64>::new(Limits::default(), 0);
    let seat = machine.seat();
    machine.set_sink_party(seat);
    machine.flushed();
    assert!(machine.woken().eq([seat]));
    machine.vacate(seat);
    machine.flushed();
    assert_eq!(machine.count_woken(), 0);
}
