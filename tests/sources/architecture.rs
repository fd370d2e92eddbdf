//! The shape of the core.

use crate::tree::{core, files, lines_with};

#[test]
fn the_machine_knows_no_io_no_clock_and_no_waker() {
    let machine = files(&core().join("machine"));
    assert!(machine.len() > 10, "the machine has moved");
    let foreign = [
        "std::task",
        "Waker",
        "Instant",
        "std::io",
        "std::net",
        "futures",
        "tokio",
        "async ",
        "Mutex",
        "crate::hub",
        "crate::driver",
        "crate::link",
        "crate::timer",
    ];
    assert_eq!(lines_with(&machine, &foreign), [""; 0]);
}

#[test]
fn only_the_driver_touches_the_transport() {
    let mut rest = files(&core());
    rest.retain(|(path, _)| {
        // A stage, a transport that is kept alive and the layer's own `Sink` are
        // transports themselves; the in-memory one is one end of the wire.
        let own = [
            "stage.rs",
            "keepalive.rs",
            "layer.rs",
            "outlet.rs",
            "memory.rs",
        ];
        !path.components().any(|part| part.as_os_str() == "driver")
            && !own.iter().any(|file| path.ends_with(file))
    });
    assert!(rest.len() > 30, "the core has moved");
    let polls = ["poll_ready(", "start_send(", "poll_flush(", "poll_close("];
    assert_eq!(lines_with(&rest, &polls), [""; 0]);
}

#[test]
fn no_file_is_a_house() {
    let long: Vec<_> = files(&core())
        .into_iter()
        .filter(|(_, text)| text.lines().count() > 400)
        .map(|(path, _)| path)
        .collect();
    assert!(long.is_empty(), "split {long:?}");
}
