"""Drives every object of a Databricks account by the official client: made, read, changed, listed, deleted.

databricks_account.py HOST OUT.json ACCOUNT_ID

They need the token `dapi-test` of an administrator of the account.
"""

import json
import logging
import pathlib
import re
import sys
import time
import uuid

from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import BadRequest, DatabricksError, NotFound, ResourceConflict
from databricks.sdk.service import billing, catalog, iam, oauth2, provisioning, settings

TOKEN = "dapi-test"


class Wrong(Exception):
    """The server answered, but not what it should."""


def need(condition, said):
    if not condition:
        raise Wrong(str(said))


def refused(call, *errors, saying=""):
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


CHECKS = []


def check(title):
    def register(function):
        CHECKS.append((title, function))
        return function

    return register


HOST, OUT, ACCOUNT_ID = sys.argv[1:4]
a = AccountClient(
    config=Config(host=HOST, account_id=ACCOUNT_ID, token=TOKEN, auth_type="pat", retry_timeout_seconds=5)
)


def credential():
    role = provisioning.CreateCredentialStsRole(role_arn="arn:aws:iam::123456789012:role/databricks")
    return a.credentials.create(name("c"), provisioning.CreateCredentialAwsCredentials(sts_role=role))


def storage():
    return a.storage.create(name("s"), provisioning.RootBucketInfo(bucket_name="root-bucket"))


def network(**more):
    return a.networks.create(
        network_name=name("net"),
        vpc_id="vpc-1",
        subnet_ids=["subnet-1", "subnet-2"],
        security_group_ids=["sg-1"],
        **more,
    )


def key(*uses):
    info = provisioning.CreateAwsKeyInfo(key_arn="arn:aws:kms:eu-central-1:123456789012:key/1", key_alias="alias/x")
    return a.encryption_keys.create(list(uses), aws_key_info=info)


def workspace(**more):
    """A workspace that runs, after no more than 50 reads."""
    made = a.workspaces.create(
        workspace_name=name("w"),
        aws_region="eu-central-1",
        credentials_id=credential().credentials_id,
        storage_configuration_id=storage().storage_configuration_id,
        **more,
    )
    return running(made.response.workspace_id)


def running(workspace_id):
    for _ in range(50):
        row = a.workspaces.get(workspace_id)
        if row.workspace_status == provisioning.WorkspaceStatus.RUNNING:
            return row
        time.sleep(0.02)
    raise Wrong(f"does not run: {row}")


def plain(api, made, id_field):
    """What all objects without an update have in common."""
    object_id = getattr(made, id_field)
    # Of a VPC endpoint the client knows no such time.
    need(made.account_id == ACCOUNT_ID and getattr(made, "creation_time", True), f"{made}")
    need(api.get(object_id) == made, "get and create differ")
    need(made in list(api.list()), "not listed")
    api.delete(object_id)
    refused(lambda: api.get(object_id), NotFound)


@check("credentials")
def _():
    made = credential()
    need(made.aws_credentials.sts_role.role_arn.endswith("role/databricks"), made)
    plain(a.credentials, made, "credentials_id")


@check("storage")
def _():
    made = storage()
    need(made.root_bucket_info.bucket_name == "root-bucket", made)
    plain(a.storage, made, "storage_configuration_id")


@check("vpc_endpoints")
def _():
    made = a.vpc_endpoints.create(vpc_endpoint_name=name("v"), aws_vpc_endpoint_id="vpce-1", region="eu-central-1")
    need(made.state == "available" and made.use_case, made)
    plain(a.vpc_endpoints, made, "vpc_endpoint_id")


@check("networks")
def _():
    ends = [
        a.vpc_endpoints.create(vpc_endpoint_name=name("v"), aws_vpc_endpoint_id=f"vpce-{n}", region="eu-central-1")
        for n in (1, 2)
    ]
    ids = [end.vpc_endpoint_id for end in ends]
    made = network(vpc_endpoints=provisioning.NetworkVpcEndpoints(rest_api=ids[:1], dataplane_relay=ids[1:]))
    need(made.vpc_status == provisioning.VpcStatus.UNATTACHED, made)
    need(made.vpc_endpoints.rest_api == ids[:1], made)
    refused(lambda: a.vpc_endpoints.delete(ids[0]), BadRequest)
    plain(a.networks, made, "network_id")


@check("private_access")
def _():
    made = a.private_access.create(private_access_settings_name=name("pas"), region="eu-central-1")
    need(made.private_access_level == provisioning.PrivateAccessLevel.ACCOUNT, made)
    wanted = provisioning.PrivateAccessSettings(
        private_access_settings_name=made.private_access_settings_name,
        region="eu-central-1",
        public_access_enabled=True,
        private_access_level=provisioning.PrivateAccessLevel.ENDPOINT,
        allowed_vpc_endpoint_ids=["one"],
    )
    replaced = a.private_access.replace(made.private_access_settings_id, wanted)
    need(replaced.public_access_enabled and replaced.allowed_vpc_endpoint_ids == ["one"], replaced)
    made = a.private_access.get(made.private_access_settings_id)
    need(made == replaced, made)
    need(made in list(a.private_access.list()), "not listed")
    a.private_access.delete(made.private_access_settings_id)
    refused(lambda: a.private_access.get(made.private_access_settings_id), NotFound)


@check("encryption_keys")
def _():
    made = key(provisioning.KeyUseCase.MANAGED_SERVICES, provisioning.KeyUseCase.STORAGE)
    need(len(made.use_cases) == 2 and made.aws_key_info.key_alias == "alias/x", made)
    plain(a.encryption_keys, made, "customer_managed_key_id")


@check("workspaces")
def _():
    own = network()
    row = workspace(network_id=own.network_id, custom_tags={"team": "x"}, deployment_name=name("d"))
    need(row.custom_tags == {"team": "x"} and row.account_id == ACCOUNT_ID, row)
    attached = a.networks.get(own.network_id)
    need(attached.vpc_status == provisioning.VpcStatus.VALID and attached.workspace_id == row.workspace_id, attached)
    for call in (
        lambda: a.networks.delete(own.network_id),
        lambda: a.credentials.delete(row.credentials_id),
        lambda: a.storage.delete(row.storage_configuration_id),
    ):
        refused(call, BadRequest, ResourceConflict, saying=str(row.workspace_id))
    need(row.workspace_id in [one.workspace_id for one in a.workspaces.list()], "not listed")
    other, managed = credential(), key(provisioning.KeyUseCase.MANAGED_SERVICES)
    wanted = provisioning.Workspace(
        credentials_id=other.credentials_id,
        managed_services_customer_managed_key_id=managed.customer_managed_key_id,
    )
    mask = "credentials_id,managed_services_customer_managed_key_id"
    changed = a.workspaces.update(row.workspace_id, wanted, update_mask=mask).response
    need(changed.credentials_id == other.credentials_id, changed)
    changed = running(row.workspace_id)
    need(changed.managed_services_customer_managed_key_id == managed.customer_managed_key_id, changed)
    need(changed.custom_tags == {"team": "x"}, "what the mask does not name changed")
    a.workspaces.delete(row.workspace_id)
    refused(lambda: a.workspaces.get(row.workspace_id), NotFound)
    need(a.networks.get(own.network_id).vpc_status == provisioning.VpcStatus.UNATTACHED, "the network is not free")
    a.networks.delete(own.network_id)


@check("workspaces.host")
def _():
    row = workspace()
    raw = a.api_client.do("GET", f"/api/2.0/accounts/{ACCOUNT_ID}/workspaces/{row.workspace_id}")
    config = Config(host=raw["workspace_url"], token=TOKEN, auth_type="pat", retry_timeout_seconds=5)
    w = WorkspaceClient(config=config)
    need(w.current_user.me().user_name, "nobody")
    need(w.get_workspace_id() == row.workspace_id, "another workspace")
    need(not list(w.jobs.list()), "a new workspace has jobs")
    a.workspaces.delete(row.workspace_id)


@check("metastores")
def _():
    wanted = catalog.CreateAccountsMetastore(name=name("m"), region="eu-central-1", storage_root="s3://bucket")
    made = a.metastores.create(metastore_info=wanted).metastore_info
    need(made.name == wanted.name and made.region == "eu-central-1", made)
    need(made.storage_root == f"s3://bucket/{made.metastore_id}", "a metastore keeps to a folder of its own")
    change = catalog.UpdateAccountsMetastore(owner="admins")
    need(a.metastores.update(made.metastore_id, metastore_info=change).metastore_info.owner == "admins", "owner")
    need(a.metastores.get(made.metastore_id).metastore_info.owner == "admins", "owner")
    need(made.metastore_id in [one.metastore_id for one in a.metastores.list()], "not listed")
    a.metastores.delete(made.metastore_id, force=True)
    refused(lambda: a.metastores.get(made.metastore_id), NotFound)


@check("metastore_assignments")
def _():
    row = workspace()
    wanted = catalog.CreateAccountsMetastore(name=name("m"), region="eu-central-1")
    metastore = a.metastores.create(metastore_info=wanted).metastore_info.metastore_id
    refused(lambda: a.metastore_assignments.get(row.workspace_id), NotFound)
    body = catalog.CreateMetastoreAssignment(
        workspace_id=row.workspace_id, metastore_id=metastore, default_catalog_name="main"
    )
    a.metastore_assignments.create(row.workspace_id, metastore, metastore_assignment=body)
    found = a.metastore_assignments.get(row.workspace_id).metastore_assignment
    need(found.metastore_id == metastore and found.default_catalog_name == "main", found)
    body = catalog.UpdateMetastoreAssignment(
        workspace_id=row.workspace_id, metastore_id=metastore, default_catalog_name="other"
    )
    a.metastore_assignments.update(row.workspace_id, metastore, metastore_assignment=body)
    found = a.metastore_assignments.get(row.workspace_id).metastore_assignment
    need(found.default_catalog_name == "other", found)
    need(list(a.metastore_assignments.list(metastore)) == [row.workspace_id], "not listed")
    wanted = catalog.CreateAccountsMetastore(name=name("m"), region="eu-central-1")
    other = a.metastores.create(metastore_info=wanted).metastore_info.metastore_id
    body = catalog.UpdateMetastoreAssignment(workspace_id=row.workspace_id, metastore_id=other)
    refused(lambda: a.metastore_assignments.update(row.workspace_id, other, metastore_assignment=body), BadRequest)
    a.metastore_assignments.delete(row.workspace_id, metastore)
    refused(lambda: a.metastore_assignments.get(row.workspace_id), NotFound)


@check("network_connectivity")
def _():
    api = a.network_connectivity
    wanted = settings.CreateNetworkConnectivityConfiguration(name=name("ncc"), region="eu-central-1")
    made = api.create_network_connectivity_configuration(wanted)
    ncc = made.network_connectivity_config_id
    need(made.egress_config.default_rules.aws_stable_ip_rule.cidr_blocks, made)
    need(api.get_network_connectivity_configuration(ncc) == made, "get and create differ")
    need(made in list(api.list_network_connectivity_configurations()), "not listed")
    row = workspace(network_connectivity_config_id=ncc)
    refused(lambda: api.delete_network_connectivity_configuration(ncc), BadRequest)
    a.workspaces.delete(row.workspace_id)
    api.delete_network_connectivity_configuration(ncc)
    refused(lambda: api.get_network_connectivity_configuration(ncc), NotFound)


@check("network_connectivity.rules")
def _():
    api = a.network_connectivity
    wanted = settings.CreateNetworkConnectivityConfiguration(name=name("ncc"), region="eu-central-1")
    ncc = api.create_network_connectivity_configuration(wanted).network_connectivity_config_id
    service = "com.amazonaws.vpce.eu-central-1.vpce-svc-1"
    body = settings.CreatePrivateEndpointRule(endpoint_service=service, domain_names=["a.example"])
    made = api.create_private_endpoint_rule(ncc, body)
    need(made.connection_state.value == "PENDING" and made.enabled and made.endpoint_service == service, made)
    need(made.network_connectivity_config_id == ncc and made.account_id == ACCOUNT_ID, made)
    api.get_private_endpoint_rule(ncc, made.rule_id)
    need(api.get_private_endpoint_rule(ncc, made.rule_id).connection_state.value == "ESTABLISHED", "not accepted")
    body = settings.UpdatePrivateEndpointRule(domain_names=["b.example"], enabled=False)
    changed = api.update_private_endpoint_rule(ncc, made.rule_id, body, update_mask="domain_names")
    need(changed.domain_names == ["b.example"] and changed.enabled, f"the mask does not hold: {changed}")
    need([one.rule_id for one in api.list_private_endpoint_rules(ncc)] == [made.rule_id], "not listed")
    need(api.delete_private_endpoint_rule(ncc, made.rule_id).deactivated, "an established rule is kept for a while")
    second = api.create_private_endpoint_rule(ncc, settings.CreatePrivateEndpointRule(endpoint_service=service))
    api.delete_private_endpoint_rule(ncc, second.rule_id)
    refused(lambda: api.get_private_endpoint_rule(ncc, second.rule_id), NotFound)


@check("workspace_assignment")
def _():
    row = workspace()
    group = a.api_client.do(
        "POST", f"/api/2.0/accounts/{ACCOUNT_ID}/scim/v2/Groups", body={"displayName": name("g")}
    )
    principal, api = int(group["id"]), a.workspace_assignment
    given = api.update(row.workspace_id, principal, permissions=[iam.WorkspacePermission.USER])
    need(given.permissions == [iam.WorkspacePermission.USER], given)
    need(given.principal.group_name == group["displayName"] and given.principal.principal_id == principal, given)
    api.update(row.workspace_id, principal, permissions=[iam.WorkspacePermission.ADMIN])
    listed = {one.principal.principal_id: one.permissions for one in api.list(row.workspace_id)}
    need(listed[principal] == [iam.WorkspacePermission.ADMIN], listed)
    need(len(listed) == 2, "who made it and the group")
    levels = {level.permission_level.value for level in api.get(row.workspace_id).permissions}
    need(levels == {"USER", "ADMIN"}, levels)
    api.delete(row.workspace_id, principal)
    need(principal not in [one.principal.principal_id for one in api.list(row.workspace_id)], "still there")
    refused(lambda: api.update(row.workspace_id, 1, permissions=[iam.WorkspacePermission.USER]), NotFound)


@check("ip_access_lists")
def _():
    api = a.ip_access_lists
    made = api.create(name("l"), settings.ListType.BLOCK, ip_addresses=["192.0.2.1/32"]).ip_access_list
    need(made.enabled and made.address_count == 1 and made.list_id, made)
    api.update(made.list_id, enabled=False)
    found = api.get(made.list_id).ip_access_list
    need(found.enabled is False and found.ip_addresses == ["192.0.2.1/32"], found)
    api.replace(made.list_id, "other", settings.ListType.BLOCK, True, ip_addresses=["192.0.2.2/32"])
    found = [one for one in api.list() if one.list_id == made.list_id]
    need(found and found[0].label == "other" and found[0].ip_addresses == ["192.0.2.2/32"], found)
    api.delete(made.list_id)
    refused(lambda: api.get(made.list_id), NotFound)


@check("enable_ip_access_lists")
def _():
    api = a.settings.enable_ip_access_lists
    was = api.get()

    def put(value, etag):
        setting = settings.AccountIpAccessEnable(settings.BooleanMessage(value), etag=etag)
        return api.update(True, setting, "acct_ip_acl_enable.value")

    off = put(False, was.etag)
    need(off.acct_ip_acl_enable.value is False and off.etag != was.etag, off)
    refused(lambda: put(True, was.etag), ResourceConflict)
    api.delete(etag=off.etag)
    need(api.get().acct_ip_acl_enable.value is True, "it is on where nobody says otherwise")


@check("log_delivery")
def _():
    api, role, bucket = a.log_delivery, credential(), storage()
    params = billing.CreateLogDeliveryConfigurationParams(
        log_type=billing.LogType.AUDIT_LOGS,
        output_format=billing.OutputFormat.JSON,
        credentials_id=role.credentials_id,
        storage_configuration_id=bucket.storage_configuration_id,
        config_name=name("log"),
        delivery_path_prefix="audit",
    )
    made = api.create(params).log_delivery_configuration
    need(made.status == billing.LogDeliveryConfigStatus.ENABLED and made.account_id == ACCOUNT_ID, made)
    need(made.log_delivery_status.status == billing.DeliveryStatus.CREATED, made)
    need(made.delivery_start_time is None, made)
    need(api.get(made.config_id).log_delivery_configuration == made, "get and create differ")
    need(made in list(api.list(credentials_id=role.credentials_id)), "not listed")
    usage = billing.CreateLogDeliveryConfigurationParams(
        log_type=billing.LogType.BILLABLE_USAGE,
        output_format=billing.OutputFormat.CSV,
        credentials_id=role.credentials_id,
        storage_configuration_id=bucket.storage_configuration_id,
    )
    month = api.create(usage).log_delivery_configuration.delivery_start_time
    need(re.fullmatch(r"\d{4}-\d\d", month or ""), month)
    api.patch_status(made.config_id, billing.LogDeliveryConfigStatus.DISABLED)
    on = api.list(credentials_id=role.credentials_id, status=billing.LogDeliveryConfigStatus.ENABLED)
    need(made.config_id not in [one.config_id for one in on], "on")
    found = api.get(made.config_id).log_delivery_configuration
    need(found.status == billing.LogDeliveryConfigStatus.DISABLED, found)


def principal():
    return a.service_principals_v2.create(display_name=name("sp"))


@check("service_principals")
def _():
    api, made = a.service_principals_v2, principal()
    need(made.application_id and made.active, made)
    need(api.get(made.id).application_id == made.application_id, "get and create differ")
    found = list(api.list(filter=f'applicationId eq "{made.application_id}"'))
    need([one.id for one in found] == [made.id], found)
    change = iam.Patch(op=iam.PatchOp.REPLACE, path="displayName", value="other")
    api.patch(made.id, operations=[change], schemas=[iam.PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP])
    need(api.get(made.id).display_name == "other", "patch")
    api.delete(made.id)
    refused(lambda: api.get(made.id), NotFound)


@check("service_principal_secrets")
def _():
    api, owner = a.service_principal_secrets, principal()
    made = api.create(owner.id, lifetime="3600s")
    need(made.secret and made.id and made.status, made)
    listed = list(api.list(owner.id))
    need([one.id for one in listed] == [made.id] and not hasattr(listed[0], "secret"), listed)
    own = dict(host=HOST, account_id=ACCOUNT_ID, client_id=owner.application_id, client_secret=made.secret)
    AccountClient(config=Config(auth_type="oauth-m2m", retry_timeout_seconds=5, **own)).credentials.list()
    api.delete(owner.id, made.id)
    need(not list(api.list(owner.id)), "still there")


@check("groups")
def _():
    api, member = a.groups_v2, principal()
    made = api.create(display_name=name("g"), members=[iam.ComplexValue(value=member.id)])
    need([one.value for one in api.get(made.id).members] == [member.id], made)
    found = list(api.list(filter=f'displayName eq "{made.display_name}"'))
    need([one.id for one in found] == [made.id], found)
    api.update(made.id, display_name="renamed", members=[])
    need(api.get(made.id).display_name == "renamed" and not api.get(made.id).members, api.get(made.id))
    api.delete(made.id)
    refused(lambda: api.get(made.id), NotFound)


def federation(create, get, listing, update, delete):
    oidc = oauth2.OidcFederationPolicy(issuer="https://issuer.example", audiences=["databricks"], subject="ci")
    made = create(oauth2.FederationPolicy(description="first", oidc_policy=oidc), name("p"))
    need(made.policy_id and made.uid and made.create_time and made.oidc_policy == oidc, made)
    need(get(made.policy_id) == made, "get and create differ")
    need([one.policy_id for one in listing()].count(made.policy_id) == 1, "not listed")
    other = oauth2.FederationPolicy(description="second", oidc_policy=oauth2.OidcFederationPolicy(issuer="https://x"))
    changed = update(made.policy_id, other, "description")
    need(changed.description == "second" and changed.oidc_policy == oidc, f"the mask does not hold: {changed}")
    delete(made.policy_id)
    refused(lambda: get(made.policy_id), NotFound)


@check("federation_policy")
def _():
    api = a.federation_policy
    federation(
        lambda policy, policy_id: api.create(policy, policy_id=policy_id),
        api.get,
        api.list,
        lambda policy_id, policy, mask: api.update(policy_id, policy, update_mask=mask),
        api.delete,
    )


@check("service_principal_federation_policy")
def _():
    api, owner = a.service_principal_federation_policy, int(principal().id)
    federation(
        lambda policy, policy_id: api.create(owner, policy, policy_id=policy_id),
        lambda policy_id: api.get(owner, policy_id),
        lambda: api.list(owner),
        lambda policy_id, policy, mask: api.update(owner, policy_id, policy, update_mask=mask),
        lambda policy_id: api.delete(owner, policy_id),
    )


def outcome(function):
    try:
        said, status = function(), "works"
    except Wrong as error:
        said, status = error, "WRONG"
    except DatabricksError as error:
        said, status = f"{type(error).__name__} {error.error_code}: {error}", "ERROR"
    except Exception as error:  # A client that cannot read an answer raises anything.
        said, status = f"{type(error).__name__}: {error}", "ERROR"
    return {"status": status, "detail": None if said is None else str(said)[:300]}


def main():
    logging.disable(logging.CRITICAL)
    report = {title: outcome(function) for title, function in CHECKS}
    for title, result in report.items():
        print(f"{result['status']:8} {title} {result['detail'] or ''}")
    pathlib.Path(OUT).write_text(json.dumps(report))


main()
