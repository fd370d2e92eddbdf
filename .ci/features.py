#!/usr/bin/env python3
"""Checks each library crate with no feature, with each alone and each pair.

Where there are many, which do not know of each other, all at once stand for
the pairs, unless `--every-pair` is given.
"""

import itertools
import json
import os
import subprocess
import sys

MANY = 8

every_pair = sys.argv[1:] == ["--every-pair"]

metadata = json.loads(
    subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--no-deps"])
)
environment = {**os.environ, "RUSTFLAGS": "-D warnings"}
for package in metadata["packages"]:
    if package["publish"] == []:
        continue
    features = sorted(set(package["features"]) - {"default"})
    sizes = range(3) if every_pair or len(features) <= MANY else (0, 1, len(features))
    for size in sizes:
        for chosen in itertools.combinations(features, size):
            print(package["name"], *chosen or ["none"], flush=True)
            command = ["cargo", "check", "-q", "-p", package["name"]]
            command += ["--no-default-features", "--features", ",".join(chosen)]
            subprocess.run(command, check=True, env=environment)
