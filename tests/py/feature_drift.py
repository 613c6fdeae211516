"""Fails when `cargo test` would compile a dependency with other features than `cargo build`.

Dev-dependencies that add features to a widely used crate make cargo compile it, and everything above it, twice: minutes
on a cold machine. The cure is to name the feature in `tests/Cargo.toml` under `[dependencies]` too.
"""

import collections
import subprocess
import sys


def features(edges):
    command = ["cargo", "tree", "--offline", "--locked", "--workspace", "--edges", edges]
    command += ["--format", "{p}|{f}", "--prefix", "none", "--no-dedupe", "--color", "never"]
    tree = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = collections.defaultdict(set)
    for line in tree.splitlines():
        package, _, names = line.partition("|")
        found[package.strip()].update(name for name in names.replace(" (*)", "").strip().split(",") if name)
    return found


built, tested = features("normal,build"), features("normal,build,dev")
drift = {package: tested[package] - names for package, names in built.items() if tested[package] - names}
for package, names in sorted(drift.items()):
    print(f"{package}: only tests ask for {', '.join(sorted(names))}")
print(f"{len(built)} packages compared, {len(drift)} differ")
sys.exit(bool(drift))
