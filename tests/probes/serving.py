"""A serving endpoint as a team has one, made and shown by the official client.

serving.py HOST make NAME
serving.py HOST show NAME

Shows all that somebody said of it, as JSON, without what the service knows alone: ids, times, states, who made it.
"""

import json
import os
import sys

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import serving
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

OBJECT = "serving-endpoints"
OWN = {"id", "creator", "creation_timestamp", "last_updated_timestamp", "state", "config_version", "permission_level", "endpoint_url"}


def entity(name, version, size):
    return serving.ServedEntityInput(
        name=name,
        entity_name="main.shop.churn",
        entity_version=version,
        workload_size=size,
        scale_to_zero_enabled=True,
        environment_vars={"OPENAI_API_KEY": "{{secrets/models/openai}}", "AREA": "eu"},
    )


def make(w, name):
    routes = [serving.Route(served_model_name="champion", traffic_percentage=90), serving.Route(served_model_name="challenger", traffic_percentage=10)]
    gateway = serving.AiGatewayConfig(
        usage_tracking_config=serving.AiGatewayUsageTrackingConfig(enabled=True),
        inference_table_config=serving.AiGatewayInferenceTableConfig(catalog_name="main", schema_name="shop", table_name_prefix="churn", enabled=True),
        rate_limits=[
            serving.AiGatewayRateLimit(calls=100, key=serving.AiGatewayRateLimitKey.USER, renewal_period=serving.AiGatewayRateLimitRenewalPeriod.MINUTE),
            serving.AiGatewayRateLimit(calls=1000, key=serving.AiGatewayRateLimitKey.ENDPOINT, renewal_period=serving.AiGatewayRateLimitRenewalPeriod.MINUTE),
        ],
        guardrails=serving.AiGatewayGuardrails(input=serving.AiGatewayGuardrailParameters(invalid_keywords=["secret"], safety=True)),
    )
    made = w.serving_endpoints.create_and_wait(
        name,
        config=serving.EndpointCoreConfigInput(
            name=name,
            served_entities=[entity("champion", "3", "Medium"), entity("challenger", "4", "Small")],
            traffic_config=serving.TrafficConfig(routes=routes),
        ),
        ai_gateway=gateway,
        description="who may leave",
        email_notifications=serving.EmailNotifications(on_update_failure=["ana@acme.example"]),
        tags=[serving.EndpointTag(key="team", value="shop"), serving.EndpointTag(key="cost center", value="12")],
    )
    access = [AccessControlRequest(group_name="users", permission_level=PermissionLevel.CAN_QUERY)]
    w.permissions.update(OBJECT, made.id, access_control_list=access)


def said(value):
    if isinstance(value, dict):
        return {key: said(item) for key, item in value.items() if key not in OWN}
    if isinstance(value, list):
        return [said(item) for item in value]
    return value


def show(w, name):
    endpoint = w.serving_endpoints.get(name)
    shown = said(endpoint.as_dict())
    shown["tags"] = sorted((tag for tag in shown["tags"] if not tag["key"].startswith("hodman_")), key=lambda tag: tag["key"])
    for field, key in (("served_entities", "name"), ("served_models", "name")):
        shown["config"].get(field, []).sort(key=lambda one: one[key])
    shown["config"]["traffic_config"]["routes"].sort(key=lambda route: route["served_model_name"])
    entries = w.permissions.get(OBJECT, endpoint.id).access_control_list
    mine = [level.permission_level.value for entry in entries if entry.group_name == "users" for level in entry.all_permissions]
    print(json.dumps({"endpoint": shown, "users": mine}, sort_keys=True))


def main():
    host, what, name = sys.argv[1:]
    w = WorkspaceClient(host=host, token=os.environ["DATABRICKS_TOKEN"], auth_type="pat")
    {"make": make, "show": show}[what](w, name)


main()
