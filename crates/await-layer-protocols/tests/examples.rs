//! The examples say what they are there to show.

use std::env;
use std::io::{self, Write};
use std::process::Command;

use await_layer_testkit::example::Example;

#[test]
fn devtools_prints_what_the_script_says() {
    if Command::new("node").arg("--version").output().is_err() {
        assert_ne!(env::var("CI").as_deref(), Ok("true"), "there is no node");
        // Not `eprintln!`, which the test runner hides when a test passes.
        let _ = writeln!(io::stderr(), "SKIPPED: devtools: there is no node");
        return;
    }
    let said = Example::start("devtools", &[]).rest();
    let lines: Vec<_> = said.lines().collect();
    let log = r#""log": "six by seven is" 42"#;
    assert_eq!(lines, [log, "closed here", "node: exit status: 3"]);
}
