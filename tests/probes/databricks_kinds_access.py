"""Members, and what holds for a whole workspace."""

from databricks.sdk.errors import Aborted, BadRequest, DatabricksError, NotFound, ResourceConflict
from databricks.sdk.service import iam, settings, settingsv2

SCHEMAS = [iam.PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]


@kind("service_principals")
def _():
    made = w.service_principals.create(display_name=name("principal"), entitlements=[iam.ComplexValue(value="workspace-access")])
    shown = w.service_principals.get(made.id)
    need(shown.application_id and shown.active and shown.entitlements[0].value == "workspace-access", shown)
    found = list(w.service_principals.list(filter=f'applicationId eq "{made.application_id}"'))
    need([one.id for one in found] == [made.id], "list")
    w.service_principals.update(made.id, application_id=made.application_id, display_name="b")
    shown = w.service_principals.get(made.id)
    need(shown.display_name == "b" and not shown.entitlements, shown)
    group = w.groups.create(display_name=name("group"), members=[iam.ComplexValue(value=made.id)]).id
    need([one.value for one in w.service_principals.get(made.id).groups] == [group], "groups")
    w.service_principals.delete(made.id)
    refused(lambda: w.service_principals.get(made.id), NotFound)
    need(not w.groups.get(group).members, "who is deleted leaves the groups")
    w.groups.delete(group)


@kind("groups")
def _():
    title = name("group")
    member = w.service_principals.create(display_name=name("principal"))
    made = w.groups.create(display_name=title, members=[iam.ComplexValue(value=member.id)])
    refused(lambda: w.groups.create(display_name=title), DatabricksError)
    add = iam.Patch(op=iam.PatchOp.ADD, path="entitlements", value=[{"value": "allow-cluster-create"}])
    w.groups.patch(made.id, operations=[add], schemas=SCHEMAS)
    shown = w.groups.get(made.id)
    need([one.value for one in shown.members] == [member.id], shown)
    need([one.value for one in shown.entitlements] == ["allow-cluster-create"], shown)
    w.groups.patch(made.id, operations=[iam.Patch(op=iam.PatchOp.REMOVE, path=f'members[value eq "{member.id}"]')], schemas=SCHEMAS)
    need(not w.groups.get(made.id).members, "remove")
    need([one.id for one in w.groups.list(filter=f'displayName eq "{title}"')] == [made.id], "list")
    w.groups.delete(made.id)
    refused(lambda: w.groups.get(made.id), NotFound)
    w.service_principals.delete(member.id)


@kind("ip_access_lists")
def _():
    w.workspace_conf.set_status({"enableIpAccessLists": "false"})
    made = w.ip_access_lists.create(name("list"), settings.ListType.ALLOW, ip_addresses=["10.0.0.0/8"]).ip_access_list
    need(made.address_count == 1 and made.enabled, made)
    refused(lambda: w.ip_access_lists.create("x", settings.ListType.ALLOW, ip_addresses=["nowhere"]), BadRequest)
    many = [f"10.{a}.{b}.1" for a in range(4) for b in range(250)]
    refused(lambda: w.ip_access_lists.create("x", settings.ListType.ALLOW, ip_addresses=many), BadRequest, saying="1000")
    w.ip_access_lists.update(made.list_id, label="b")
    w.ip_access_lists.replace(made.list_id, "c", settings.ListType.ALLOW, True, ip_addresses=["10.0.0.1"])
    shown = w.ip_access_lists.get(made.list_id).ip_access_list
    need((shown.label, shown.ip_addresses) == ("c", ["10.0.0.1"]), shown)
    need(made.list_id in [found.list_id for found in w.ip_access_lists.list()], "list")
    switch = {"enableIpAccessLists": "true"}
    refused(lambda: w.workspace_conf.set_status(switch), BadRequest, saying="current IP")
    w.ip_access_lists.delete(made.list_id)
    refused(lambda: w.ip_access_lists.get(made.list_id), NotFound)
    w.workspace_conf.set_status(switch)
    block = {"label": "x", "list_type": settings.ListType.BLOCK, "ip_addresses": ["127.0.0.0/8"]}
    refused(lambda: w.ip_access_lists.create(**block), BadRequest, saying="current IP")
    w.workspace_conf.set_status({"enableIpAccessLists": "false"})


@kind("workspace_conf")
def _():
    w.workspace_conf.set_status({"enableTokensConfig": "true", "maxTokenLifetimeDays": "90"})
    shown = w.workspace_conf.get_status("enableTokensConfig,maxTokenLifetimeDays,enableWebTerminal")
    need(shown == {"enableTokensConfig": "true", "maxTokenLifetimeDays": "90", "enableWebTerminal": None}, shown)
    refused(lambda: w.workspace_conf.set_status({"maxTokenLifetimeDays": 90}), BadRequest)


@kind("settings")
def _():
    def change(etag, value):
        setting = settings.DefaultNamespaceSetting(namespace=settings.StringMessage(value=value), etag=etag)
        return w.settings.default_namespace.update(allow_missing=True, setting=setting, field_mask="namespace.value")

    before = w.settings.default_namespace.get()
    after = change(before.etag, "main")
    need(after.namespace.value == "main" and after.etag != before.etag, after)
    late = refused(lambda: change(before.etag, "other"), Aborted, ResourceConflict)
    told = late.get_error_info()[0].metadata["etag"]
    need(told == after.etag, f"the refusal tells the etag: {told}")
    w.settings.default_namespace.delete(etag=after.etag)
    need(w.settings.default_namespace.get().namespace.value == before.namespace.value, "delete")
    w.settings.restrict_workspace_admins.get()
    w.settings.automatic_cluster_update.get()
    refused(lambda: w.workspace_settings_v2.get_public_workspace_setting("no_such_setting"), NotFound)
    w.workspace_settings_v2.patch_public_workspace_setting(
        "sql_results_download", settingsv2.Setting(boolean_val=settingsv2.BooleanMessage(value=False))
    )
    need(w.workspace_settings_v2.get_public_workspace_setting("sql_results_download").effective_boolean_val.value is False, "named")


@kind("notification_destinations")
def _():
    email = settings.Config(email=settings.EmailConfig(addresses=["a@x.io"]))
    made = w.notification_destinations.create(display_name=name("destination"), config=email)
    need(made.destination_type == settings.DestinationType.EMAIL and made.config.email.addresses == ["a@x.io"], made)
    slack = settings.Config(slack=settings.SlackConfig(url="https://hooks.slack.com/secret"))
    w.notification_destinations.update(made.id, config=slack)
    shown = w.notification_destinations.get(made.id)
    need(shown.config.slack.url_set and not shown.config.slack.url and shown.display_name == made.display_name, shown)
    need(made.id in [found.id for found in w.notification_destinations.list(page_size=1)], "list")
    w.notification_destinations.delete(made.id)
    refused(lambda: w.notification_destinations.get(made.id), NotFound)
