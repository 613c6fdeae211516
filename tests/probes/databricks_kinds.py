"""Drives every kind of a Databricks workspace by the official client: made, read, changed, listed, permitted, deleted.

databricks_kinds.py HOST OUT.json [NAME...]

The checks stand in the files `databricks_kinds_*.py` beside this one, one check for each kind; a new file is found by its
name. Each is run with the names of `tools()`. With NAMEs, only those checks run. They need the token `dapi-test` of an
administrator and the service principal `x`.
"""

import json
import logging
import pathlib
import runpy
import sys
import time
import uuid

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service import iam

PRINCIPAL = "x"


class Wrong(Exception):
    """The server answered, but not what it should."""


def need(condition, said):
    if not condition:
        raise Wrong(str(said))


def refused(call, *errors, saying=""):
    """The call must be refused with one of the client's errors, and with this text in its message."""
    try:
        answer = call()
    except errors as error:
        need(saying in str(error), f"refused with other words: {error}")
        return error
    except DatabricksError as error:
        raise Wrong(f"refused as {type(error).__name__} {error.error_code}: {error}") from error
    raise Wrong(f"not refused: {answer}")


def name(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def until(read, good):
    """Reads until it is good, at most 50 times."""
    for _ in range(50):
        value = read()
        if good(value):
            return value
        time.sleep(0.02)
    raise Wrong(f"did not come to be: {value}")


def raised(level):
    return iam.AccessControlRequest(group_name="users", permission_level=iam.PermissionLevel(level))


def check_permissions(w, kind, object_id, levels):
    """The object's permissions: its levels, its creator, a full replacement, a merge, a principal named as a user."""
    object_id = str(object_id)
    known = w.permissions.get_permission_levels(kind, object_id).permission_levels
    need({level.permission_level.value for level in known} == set(levels), f"levels {known}")
    me = w.current_user.me().user_name

    def direct(permissions):
        entries = {}
        for entry in permissions.access_control_list:
            own = [level.permission_level.value for level in entry.all_permissions if not level.inherited]
            if own:
                entries[entry.user_name or entry.group_name or f"principal {entry.service_principal_name}"] = own
        return entries

    first = w.permissions.get(kind, object_id)
    owned = "IS_OWNER" in levels
    highest = "IS_OWNER" if owned else levels[-1]
    need(direct(first) == {me: [highest]}, f"a new object is its creator's: {direct(first)}")
    inherited = [entry for entry in first.access_control_list if entry.group_name == "admins"]
    need(inherited and inherited[0].all_permissions[0].inherited, "administrators inherit")

    as_user = iam.AccessControlRequest(user_name=PRINCIPAL, permission_level=iam.PermissionLevel(levels[0]))
    owner = [iam.AccessControlRequest(user_name=me, permission_level=iam.PermissionLevel.IS_OWNER)] if owned else []
    w.permissions.set(kind, object_id, access_control_list=[as_user, *owner])
    wanted = {f"principal {PRINCIPAL}": [levels[0]]} | ({me: ["IS_OWNER"]} if owned else {})
    need(direct(w.permissions.get(kind, object_id)) == wanted, f"set: {direct(w.permissions.get(kind, object_id))}")
    w.permissions.update(kind, object_id, access_control_list=[raised(levels[0])])
    wanted |= {"users": [levels[0]]}
    need(direct(w.permissions.get(kind, object_id)) == wanted, f"update: {direct(w.permissions.get(kind, object_id))}")
    wrong = next(level.value for level in iam.PermissionLevel if level.value not in levels)
    refused(lambda: w.permissions.update(kind, object_id, access_control_list=[raised(wrong)]), DatabricksError)
    if owned:
        for entries in ([raised(levels[0])], [*owner, raised("IS_OWNER")]):
            refused(lambda: w.permissions.set(kind, object_id, access_control_list=entries), DatabricksError, saying="owner")
    else:
        w.permissions.set(kind, object_id, access_control_list=[])
        need(not direct(w.permissions.get(kind, object_id)), "an empty list takes all away")


CHECKS = []


def tools(client):
    """What the files with the checks find as their globals."""

    def kind(title):
        def register(check):
            if title in dict(CHECKS):
                raise ValueError(f"two checks of {title}")
            CHECKS.append((title, check))
            return check

        return register

    return {
        "w": client,
        "kind": kind,
        "need": need,
        "refused": refused,
        "until": until,
        "name": name,
        "me": client.current_user.me().user_name,
        "permissions": lambda object_type, object_id, *levels: check_permissions(client, object_type, object_id, levels),
        "PRINCIPAL": PRINCIPAL,
    }


def outcome(check):
    try:
        said, status = check(), "works"
    except Wrong as error:
        said, status = error, "WRONG"
    except DatabricksError as error:
        missing = "ENDPOINT_NOT_FOUND" in (error.error_code or "") or "NOT_IMPLEMENTED" in (error.error_code or "")
        said, status = f"{type(error).__name__} {error.error_code}: {error}", "MISSING" if missing else "ERROR"
    except Exception as error:  # a check that ends in any other way failed, too, and the others go on
        said, status = f"{type(error).__name__}: {error}", "ERROR"
    return status, None if said is None else str(said)[:400]


def main(host, report, *only):
    logging.disable(logging.CRITICAL)
    config = Config(host=host, token="dapi-test", auth_type="pat", retry_timeout_seconds=5, http_timeout_seconds=20)
    given = tools(WorkspaceClient(config=config))
    for part in sorted(pathlib.Path(__file__).parent.glob("databricks_kinds_*.py")):
        runpy.run_path(str(part), init_globals=given)
    found = {}
    for title, check in CHECKS:
        if only and title not in only:
            continue
        started = time.monotonic()
        status, detail = outcome(check)
        found[title] = {"status": status, "detail": detail, "s": round(time.monotonic() - started, 2)}
        print(f"{status:8} {title:32} {found[title]['s']:6.2f}s {detail or ''}", flush=True)
    pathlib.Path(report).write_text(json.dumps(found, indent=1))


main(*sys.argv[1:])
