//! Whoever takes one runtime does not build another: what `cargo tree` says.

use std::path::Path;
use std::process::Command;

/// By name, up to the version.
const TOKIO: &[&str] = &["tokio", "tokio-util", "tokio-tungstenite", "mio"];
const ASYNC_IO: &[&str] = &["async-io", "async-net", "async-process", "polling"];
const SMOL: &[&str] = &["smol", "async-executor"];
const ASYNC_STD: &[&str] = &["async-std", "async-global-executor"];

/// The names of all packages that a user of `package` builds.
fn tree(package: &str, options: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(["tree", "--offline", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}", "--package", package])
        .args(options)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{package}: {errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[track_caller]
fn check(package: &str, options: &[&str], with: &[&[&str]], without: &[&[&str]]) {
    let names = tree(package, options);
    let has = |name: &str| names.iter().any(|it| it == name);
    assert!(has("await-layer"), "{package} is not what it was");
    for runtime in with {
        assert!(has(runtime[0]), "{package} {options:?} lacks {runtime:?}");
    }
    for name in without.iter().copied().flatten() {
        assert!(!has(name), "{package} {options:?} builds {name}");
    }
}

#[test]
fn the_core_builds_the_runtime_that_is_asked_for_or_none() {
    let all = [TOKIO, ASYNC_IO, SMOL, ASYNC_STD];
    check("await-layer", &[], &[], &all);
    check("await-layer", &["--no-default-features"], &[], &all);
    let tokio = ["--features", "tokio-time"];
    check("await-layer", &tokio, &[TOKIO], &all[1..]);
    let async_io = ["--features", "async-io"];
    let others = [TOKIO, SMOL, ASYNC_STD];
    check("await-layer", &async_io, &[ASYNC_IO], &others);
}

#[test]
fn what_adapters_share_builds_no_runtime() {
    let all = [TOKIO, ASYNC_IO, SMOL, ASYNC_STD];
    check("await-layer-framing", &["--all-features"], &[], &all);
    check("await-layer-websocket", &["--all-features"], &[], &all);
}

#[test]
fn protocols_build_no_runtime() {
    let all = [TOKIO, ASYNC_IO, SMOL, ASYNC_STD];
    check("await-layer-protocols", &["--all-features"], &[], &all);
}

#[test]
fn what_goes_around_any_connection_builds_no_runtime() {
    let all = [TOKIO, ASYNC_IO, SMOL, ASYNC_STD];
    check("await-layer-tower", &[], &[], &all);
    check("await-layer-reconnect", &[], &[], &all);
}

#[test]
fn adapters_on_tokio_build_tokio_alone() {
    let others = [ASYNC_IO, SMOL, ASYNC_STD];
    for package in ["await-layer-tokio", "await-layer-tungstenite"] {
        check(package, &["--all-features"], &[TOKIO], &others);
    }
}

#[test]
fn websockets_on_tokio_build_tokio_alone() {
    let others = [ASYNC_IO, SMOL, ASYNC_STD];
    for package in ["await-layer-axum", "await-layer-ws-await"] {
        check(package, &[], &[&TOKIO[..1]], &others);
    }
    let package = "await-layer-deflate";
    check(package, &["--features", "tokio"], &[&TOKIO[..1]], &others);
    let all = [TOKIO, ASYNC_IO, SMOL, ASYNC_STD];
    check(package, &["--no-default-features"], &[], &all);
}

#[test]
fn the_adapter_over_futures_io_builds_no_tokio_and_async_std_only_if_asked() {
    let package = "await-layer-async-std";
    let others = [TOKIO, SMOL, ASYNC_STD];
    check(package, &[], &[ASYNC_IO], &others);
    let without = ["--no-default-features"];
    check(package, &without, &[ASYNC_IO], &others);
    let process = ["--features", "process"];
    check(package, &process, &[ASYNC_IO], &[TOKIO, SMOL, ASYNC_STD]);
    let async_std = ["--features", "async-std"];
    // async-std has smol's executor in it, and not smol.
    let others = [TOKIO, &SMOL[..1]];
    check(package, &async_std, &[ASYNC_IO, ASYNC_STD], &others);
}
