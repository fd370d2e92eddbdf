#!/usr/bin/env python3
"""Checks each library crate with no feature, with each alone and each pair."""

import itertools
import json
import os
import subprocess

metadata = json.loads(
    subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--no-deps"])
)
environment = {**os.environ, "RUSTFLAGS": "-D warnings"}
for package in metadata["packages"]:
    if package["publish"] == []:
        continue
    features = sorted(set(package["features"]) - {"default"})
    for size in range(3):
        for chosen in itertools.combinations(features, size):
            print(package["name"], *chosen or ["none"], flush=True)
            command = ["cargo", "check", "-q", "-p", package["name"]]
            command += ["--no-default-features", "--features", ",".join(chosen)]
            subprocess.run(command, check=True, env=environment)
