"""Reads by the official client of the account what is there, who may do what, and where serverless compute may go; prints it as JSON.

account_readback.py HOST ACCOUNT_ID

The service principal is that of DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET.
"""

import json
import os
import sys

from databricks.sdk import AccountClient
from databricks.sdk.core import Config
from databricks.sdk.errors import NotFound

HOST, ACCOUNT_ID = sys.argv[1:3]
config = Config(
    host=HOST,
    account_id=ACCOUNT_ID,
    client_id=os.environ["DATABRICKS_CLIENT_ID"],
    client_secret=os.environ["DATABRICKS_CLIENT_SECRET"],
    auth_type="oauth-m2m",
    retry_timeout_seconds=5,
)
a = AccountClient(config=config)


def assigned(row):
    try:
        return a.metastore_assignments.get(row.workspace_id).metastore_assignment.metastore_id
    except NotFound:
        return None


def workspace(row):
    given = a.workspace_assignment.list(row.workspace_id)
    network = a.workspace_network_configuration.get_workspace_network_option_rpc(row.workspace_id)
    return {
        "fields": row.as_dict(),
        "metastore": assigned(row),
        "assignments": {one.principal.principal_id: [level.value for level in one.permissions] for one in given},
        "network_policy_id": network.network_policy_id,
    }


def principal(row):
    policies = a.service_principal_federation_policy.list(int(row.id))
    return {"id": row.id, "application_id": row.application_id, "policies": [one.as_dict() for one in policies]}


def group(row):
    members = a.groups_v2.get(row.id).members or []
    return {"id": row.id, "members": [one.value for one in members]}


def all_of(api, name):
    return {getattr(row, name): row.as_dict() for row in api.list()}


def egress(row):
    rules = a.network_connectivity.list_private_endpoint_rules(row.network_connectivity_config_id)
    return [one.as_dict() for one in rules]


print(
    json.dumps(
        {
            "workspaces": {row.workspace_name: workspace(row) for row in a.workspaces.list()},
            "principals": {row.display_name: principal(row) for row in a.service_principals_v2.list()},
            "groups": {row.display_name: group(row) for row in a.groups_v2.list()},
            "policies": {row.policy_id: row.as_dict() for row in a.federation_policy.list()},
            "network_policies": {
                row.network_policy_id: row.as_dict() for row in a.network_policies.list_network_policies_rpc()
            },
            "credentials": all_of(a.credentials, "credentials_name"),
            "storage": all_of(a.storage, "storage_configuration_name"),
            "endpoints": all_of(a.vpc_endpoints, "vpc_endpoint_name"),
            "networks": all_of(a.networks, "network_name"),
            "access": all_of(a.private_access, "private_access_settings_name"),
            "keys": [row.as_dict() for row in a.encryption_keys.list()],
            "metastores": all_of(a.metastores, "name"),
            "ip_lists": all_of(a.ip_access_lists, "label"),
            "ip_lists_heeded": a.settings.enable_ip_access_lists.get().acct_ip_acl_enable.value,
            "logs": [row.as_dict() for row in a.log_delivery.list()],
            "egress": {
                row.name: egress(row) for row in a.network_connectivity.list_network_connectivity_configurations()
            },
        }
    )
)
