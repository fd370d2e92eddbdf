//! Lines.

use await_layer_framing::{Lines, Newline};

use crate::feed::{cut_off, holds, refused, round_trip, unsendable};

fn ending(newline: Newline) -> Lines {
    Lines::new().newline(newline)
}

#[test]
fn lines_come_out_wherever_the_stream_is_cut() {
    let framing = Lines::new();
    holds(
        &framing,
        b"one\ntwo\r\n\n\r\n\xff\n",
        &[b"one", b"two", b"", b"", b"\xff"],
    );
    round_trip(&framing, &[b"", b"one", &[b'x'; 300], b"\r!"]);
    cut_off(&framing, b"{}\n");
    cut_off(&framing, b"{}\r\n");
}

#[test]
fn lf_alone_keeps_every_cr() {
    let framing = ending(Newline::Lf);
    holds(&framing, b"a\r\n\r\nb\n", &[b"a\r", b"\r", b"b"]);
    round_trip(&framing, &[b"a\r", b"\r", b""]);
}

#[test]
fn cr_lf_is_written_and_insisted_on() {
    let framing = ending(Newline::CrLf);
    holds(&framing, b"a\r\n\r\r\n", &[b"a", b"\r"]);
    round_trip(&framing, &[b"a", b"\r", b""]);
    let why = refused(&framing, b"a\r\nb\n", 1);
    assert!(why.contains("LF alone"), "{why}");
    let why = refused(&framing, b"\n", 0);
    assert!(why.contains("LF alone"), "{why}");
}

#[test]
fn what_does_not_fit_on_a_line_is_not_sent() {
    for newline in [Newline::Any, Newline::Lf, Newline::CrLf] {
        let why = unsendable(&ending(newline), b"a\nb");
        assert!(why.contains("line feed"), "{why}");
    }
    let why = unsendable(&ending(Newline::Any), b"a\r");
    assert!(why.contains("Newline::Lf"), "{why}");
}

#[test]
fn the_limit_holds_either_way() {
    for newline in [Newline::Any, Newline::Lf, Newline::CrLf] {
        let framing = ending(newline).max_line(4);
        round_trip(&framing, &[b"1234", b"123", b"1234"]);
        let why = unsendable(&framing, b"12345");
        assert!(why.contains("5 bytes and max_line allows 4"), "{why}");
        // With its end and without: nobody waits for the end of a line that
        // is too long already.
        for wire in [&b"1234\r\n12345"[..], b"1234\r\n12345\r\n"] {
            let before = usize::from(newline != Newline::Lf);
            let why = refused(&framing, wire, before);
            assert!(why.contains("max_line allows 4"), "{why}");
        }
    }
}

#[test]
fn a_cr_at_the_limit_waits_for_what_follows() {
    let framing = ending(Newline::Any).max_line(4);
    holds(&framing, b"1234\r\n", &[b"1234"]);
    let why = refused(&framing, b"1234\r5", 0);
    assert!(why.contains("max_line"), "{why}");
}
