#!/usr/bin/env python3
"""No dependency that users build asks for a newer Rust than we state.

The machine has one toolchain, so the stated version itself cannot be run;
clippy's `incompatible_msrv` checks the standard library's side.
"""

import json
import subprocess
import sys


def version(text):
    parts = [int(part) for part in text.split("-")[0].split(".")]
    return parts + [0] * (3 - len(parts))


metadata = json.loads(
    subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--all-features"])
)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
ours = [p for p in packages.values() if p["source"] is None and p["publish"] != []]
stated = version(ours[0]["rust_version"])

seen, queue = set(), [package["id"] for package in ours]
while queue:
    package = queue.pop()
    if package in seen:
        continue
    seen.add(package)
    for dependency in nodes[package]["deps"]:
        if any(kind["kind"] in (None, "build") for kind in dependency["dep_kinds"]):
            queue.append(dependency["pkg"])

newer = [
    f"{packages[p]['name']} {packages[p]['version']} needs {packages[p]['rust_version']}"
    for p in seen
    if packages[p]["rust_version"] and version(packages[p]["rust_version"]) > stated
]
print(len(seen), "packages at most at Rust", ours[0]["rust_version"])
sys.exit("\n".join(newer) if newer else 0)
