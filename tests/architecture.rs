//! The shape of the core, and what all crates forbid, read off their source.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source() -> PathBuf {
    root().join("crates/await-layer/src")
}

/// The folders of all crates, the workspace's own among them.
fn crates() -> Vec<PathBuf> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = "members = [\"crates/*\", \"benches\"]";
    assert!(manifest.contains(members), "there are other members");
    let mut crates = vec![root().to_owned(), root().join("benches")];
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        crates.push(entry.unwrap().path());
    }
    crates
}

/// Every Rust file below `folder` that is not generated, with its text.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                found.extend(files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The lines of code that hold any of `words`, with their file.
fn lines_with(files: &[(PathBuf, String)], words: &[&str]) -> Vec<String> {
    let mut hits = Vec::new();
    for (path, text) in files {
        for line in text.lines() {
            let code = line.split("//").next().unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                hits.push(format!("{}: {}", path.display(), line.trim()));
            }
        }
    }
    hits
}

#[test]
fn the_machine_knows_no_io_no_clock_and_no_waker() {
    let machine = files(&source().join("machine"));
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
    let mut rest = files(&source());
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
    let long: Vec<_> = files(&source())
        .into_iter()
        .filter(|(_, text)| text.lines().count() > 400)
        .map(|(path, _)| path)
        .collect();
    assert!(long.is_empty(), "split {long:?}");
}

#[test]
fn unsafe_code_is_forbidden_in_every_crate() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, lints) = manifest.split_once("[workspace.lints.rust]").unwrap();
    let (lints, _) = lints.split_once("\n[").unwrap();
    assert!(lints.contains("\nunsafe_code = \"forbid\"\n"));
    for folder in crates() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let inherits = manifest.contains("\n[lints]\nworkspace = true\n");
        assert!(inherits, "{} has lints of its own", folder.display());
    }
}

#[test]
fn nothing_is_unsafe() {
    let mut all = files(root());
    assert!(all.len() > 400, "the repository has moved");
    all.retain(|(path, _)| !path.ends_with(file!()));
    assert_eq!(lines_with(&all, &["unsafe"]), [""; 0]);
}

/// The testkit panics by trade, and nothing else that is published may.
#[test]
fn every_library_denies_what_a_peer_could_make_panic() {
    let core = fs::read_to_string(source().join("lib.rs")).unwrap();
    let start = core
        .find("#![cfg_attr(\n    not(test),\n    deny(")
        .unwrap();
    let length = core[start..].find(")]\n").unwrap();
    let denied = &core[start..start + length];
    for lint in [
        "arithmetic_side_effects",
        "expect_used",
        "indexing_slicing",
        "panic",
        "string_slice",
        "unreachable",
        "unwrap_used",
    ] {
        assert!(denied.contains(&format!("clippy::{lint}")), "{lint}");
    }
    for folder in crates() {
        let library = folder.join("src/lib.rs");
        if ["benches", "await-layer-testkit"]
            .iter()
            .any(|name| folder.ends_with(name))
        {
            continue;
        }
        if let Ok(text) = fs::read_to_string(&library) {
            assert!(text.contains(denied), "{}", library.display());
        }
    }
}

/// What ARCHITECTURE.md names as the test of an invariant is there.
#[test]
fn the_tests_that_hold_the_invariants_exist() {
    let mut sources = files(&root().join("tests"));
    sources.extend(files(&root().join("crates")));
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
    let names: Vec<_> = text
        .split(|c| !is_word(c))
        .filter(|word| word.matches('_').count() >= 3)
        .collect();
    assert!(names.len() > 15, "the invariants have moved");
    for name in names {
        let function = format!("fn {name}(");
        let exists = sources.iter().any(|(_, source)| source.contains(&function));
        assert!(exists, "no test is called {name}");
    }
}
