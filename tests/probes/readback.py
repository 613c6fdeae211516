"""Reads by the official client what hodman made, and finds what was declared.

readback.py HOST EXPECTED.json

EXPECTED has for each object, by its kind and perhaps a key after it, the id, the values that it must show, and one permission
or grant of the group `users`.
"""

import json
import os
import sys

from databricks.sdk import WorkspaceClient


def plain(answer):
    return answer if isinstance(answer, (dict, list, str)) else answer.as_dict()


def leaves(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str):
        yield value.removeprefix("/Workspace")
    else:
        yield value


def readers(w):
    return {
        "instance_pools": w.instance_pools.get,
        "cluster_policies": w.cluster_policies.get,
        "clusters": w.clusters.get,
        "jobs": lambda id: w.jobs.get(int(id)),
        "pipelines": w.pipelines.get,
        "sql_warehouses": w.warehouses.get,
        "global_init_scripts": w.global_init_scripts.get,
        "secret_scopes": lambda id: [one.as_dict() for one in w.secrets.list_scopes() if one.name == id],
        "git_folders": lambda id: w.repos.get(int(id)),
        "directories": w.workspace.get_status,
        "ip_access_lists": w.ip_access_lists.get,
        "workspace_conf": w.workspace_conf.get_status,
        "service_principals": w.service_principals.get,
        "groups": w.groups.get,
        "storage_credentials": w.storage_credentials.get,
        "external_locations": w.external_locations.get,
        "catalogs": w.catalogs.get,
        "schemas": w.schemas.get,
        "volumes": w.volumes.read,
        "connections": w.connections.get,
        "registered_models": w.registered_models.get,
        "experiments": w.experiments.get_experiment,
        "model_serving_endpoints": w.serving_endpoints.get,
        "vector_search_endpoints": w.vector_search_endpoints.get_endpoint,
        "vector_search_indexes": w.vector_search_indexes.get_index,
        "dashboards": w.lakeview.get,
        "alerts": w.alerts_v2.get_alert,
        "queries": w.queries.get,
        "apps": w.apps.get,
    }


def access(w, wanted):
    """What is wrong with the permission and the grant."""
    kind, securable = wanted["permissions"], wanted["securable"]
    if kind == "secrets/acls":
        found = [acl.permission.value for acl in w.secrets.list_acls(wanted["id"]) if acl.principal == "users"]
        if found != [wanted["level"]]:
            yield f"may {found}, not {wanted['level']}"
    elif kind:
        id = wanted["id"]
        if kind == "directories":
            id = str(w.workspace.get_status(id).object_id)
        entries = w.permissions.get(kind, id).access_control_list
        mine = [entry for entry in entries if entry.group_name == "users"]
        found = [level.permission_level.value for entry in mine for level in entry.all_permissions if not level.inherited]
        if found != [wanted["level"]]:
            yield f"may {found}, not {wanted['level']}"
    if securable:
        assigned = w.grants.get(securable, wanted["id"], principal="users").privilege_assignments or []
        found = [privilege.value for one in assigned for privilege in one.privileges]
        if found != [wanted["privilege"]]:
            yield f"is granted {found}, not {wanted['privilege']}"


def main():
    host, path = sys.argv[1:]
    w = WorkspaceClient(host=host, token=os.environ["DATABRICKS_TOKEN"], auth_type="pat")
    read = readers(w)
    wrong = []
    with open(path, encoding="utf-8") as file:
        expected = json.load(file)
    for kind, wanted in expected.items():
        try:
            answer = plain(read[kind.split(" ")[0]](wanted["id"]))
            shown = list(leaves(answer))
            wrong += [f"{kind}: no {leaf!r} in {answer}" for leaf in wanted["leaves"] if leaf not in shown]
            wrong += [f"{kind}: {words}" for words in access(w, wanted)]
        except Exception as error:  # every kind is looked at, whatever one says
            wrong.append(f"{kind}: {type(error).__name__}: {error}")
    for line in wrong:
        print(line)
    print(f"{len(expected)} kinds are as they were declared" if not wrong else f"{len(wrong)} differences")
    sys.exit(1 if wrong else 0)


main()
