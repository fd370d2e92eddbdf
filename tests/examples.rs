//! The examples end, and say what they are there to show.

use std::path::PathBuf;

use await_layer_testkit::example::Example;

/// Fails with all that was said where a line is missing.
fn says(name: &str, lines: &[&str]) {
    let said = Example::start(name, &[]).rest();
    for line in lines {
        assert!(said.lines().any(|it| it == *line), "no {line:?} in\n{said}");
    }
}

#[test]
fn hello_has_both_ends_ask() {
    says(
        "hello",
        &[
            r#"bob answers ada: {"bob":"how are you?"}"#,
            r#"ada answers bob: {"ada":"and you?"}"#,
            "closed: closed here",
        ],
    );
}

#[test]
fn both_ways_asks_three_things_each_way() {
    says(
        "both_ways",
        &[
            "client learns:   10 squared is 100",
            "client learns:   30 squared is 900",
            "server learns:   1 squared is 1",
            "server learns:   3 squared is 9",
            "client ends:     closed here",
            "server ends:     closed by the peer (code 1000)",
        ],
    );
}

#[test]
fn a_custom_protocol_gets_its_reply() {
    says("custom_protocol", &[r#"Ok(b"ANYBODY THERE?")"#]);
}

#[test]
fn graceful_shutdown_finishes_what_is_under_way() {
    says(
        "graceful_shutdown",
        &[
            r#"client: gets {"done":"books"}"#,
            "client: closed by the peer (code 1001): restarting",
        ],
    );
}

#[test]
#[cfg(unix)]
fn one_handler_serves_three_kinds_of_connection_at_both_ends() {
    says(
        "one_handler",
        &[
            // The other two ends are left when these have what they asked for,
            // and may not have theirs.
            r#"tungstenite is told Some(Object {"is": Number(121.0)})"#,
            r#"unix is told Some(Object {"is": Number(16.0)})"#,
            "unix: closed here",
            "tungstenite: closed here",
        ],
    );
}

#[test]
fn an_example_has_sixty_lines_at_most() {
    for example in all() {
        let text = std::fs::read_to_string(&example).unwrap();
        assert!(text.lines().count() <= 60, "{}", example.display());
    }
}

#[test]
fn no_two_examples_have_one_name_for_they_share_a_folder_once_built() {
    let mut names: Vec<_> = all()
        .iter()
        .map(|it| it.file_name().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
}

/// The examples of the workspace and of every crate.
fn all() -> Vec<PathBuf> {
    let mut found = examples("examples".into());
    found.extend(examples("crates".into()));
    assert!(found.len() > 10, "only {found:?}");
    found
}

/// The Rust files of every folder called `examples` in or below `folder`.
fn examples(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let inside = folder.ends_with("examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(examples(path));
        } else if inside && path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}
