"""Dashboards, queries, alerts, experiments, models, serving endpoints, apps, vector search."""

import json

from databricks.sdk.errors import Aborted, AlreadyExists, BadRequest, NotFound, ResourceAlreadyExists, ResourceConflict
from databricks.sdk.service import apps, dashboards, ml, serving, sql, vectorsearch, workspace

FILE_LEVELS = ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"]
QUERY_LEVELS = ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"]
OLD_ALERT_LEVELS = ["CAN_VIEW", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"]


@kind("dashboards")
def _():
    title, folder = name("dashboard"), f"/Shared/{name('folder')}"
    content = json.dumps({"pages": [{"name": "p"}], "datasets": []})
    draft = dashboards.Dashboard(display_name=title, parent_path=folder, serialized_dashboard=content, warehouse_id="w")
    refused(lambda: w.lakeview.create(draft), NotFound)
    w.workspace.mkdirs(folder)
    made = w.lakeview.create(draft)
    need((made.path, made.lifecycle_state.value) == (f"{folder}/{title}.lvdash.json", "ACTIVE"), made)
    place = w.workspace.get_status(made.path)
    need(place.object_type == workspace.ObjectType.DASHBOARD and place.resource_id == made.dashboard_id, place)
    refused(lambda: w.lakeview.create(draft), ResourceAlreadyExists, BadRequest)
    changed = w.lakeview.update(made.dashboard_id, dashboards.Dashboard(display_name=title + "2", warehouse_id="w", etag=made.etag))
    need(changed.etag != made.etag and changed.path.endswith("2.lvdash.json"), changed)
    late = dashboards.Dashboard(serialized_dashboard="{}", etag=made.etag)
    refused(lambda: w.lakeview.update(made.dashboard_id, late), Aborted, ResourceConflict)
    refused(lambda: w.lakeview.get_published(made.dashboard_id), NotFound)
    need(w.lakeview.publish(made.dashboard_id, embed_credentials=False).embed_credentials is False, "publish")
    need(w.lakeview.get_published(made.dashboard_id).warehouse_id == "w", "published")
    w.lakeview.unpublish(made.dashboard_id)
    refused(lambda: w.lakeview.get_published(made.dashboard_id), NotFound)
    cron = dashboards.CronSchedule(quartz_cron_expression="0 0 8 * * ?", timezone_id="UTC")
    schedule = w.lakeview.create_schedule(made.dashboard_id, dashboards.Schedule(cron_schedule=cron))
    need([found.schedule_id for found in w.lakeview.list_schedules(made.dashboard_id)] == [schedule.schedule_id], "schedules")
    w.lakeview.delete_schedule(made.dashboard_id, schedule.schedule_id)
    need(made.dashboard_id in [found.dashboard_id for found in w.lakeview.list(page_size=1)], "list")
    permissions("dashboards", made.dashboard_id, *FILE_LEVELS)
    w.lakeview.trash(made.dashboard_id)
    need(w.lakeview.get(made.dashboard_id).lifecycle_state.value == "TRASHED", "one in the trash says so")
    need(made.dashboard_id not in [found.dashboard_id for found in w.lakeview.list()], "trash")
    refused(lambda: w.workspace.get_status(changed.path), NotFound)


def a_query(title):
    return w.queries.create(query=sql.CreateQueryRequestQuery(display_name=title, query_text="select 1", warehouse_id="w", tags=["a"]))


@kind("queries")
def _():
    title = name("query")
    made = a_query(title)
    need((made.owner_user_name, made.run_as_mode, made.lifecycle_state.value) == (me, sql.RunAsMode.OWNER, "ACTIVE"), made)
    refused(lambda: a_query(title), ResourceAlreadyExists, BadRequest)
    body = sql.CreateQueryRequestQuery(display_name=title, query_text="select 2")
    other = w.queries.create(query=body, auto_resolve_display_name=True)
    need(other.display_name != title, other)
    change = sql.UpdateQueryRequestQuery(query_text="select 3", description="ignored")
    w.queries.update(made.id, "query_text,tags", query=change)
    shown = w.queries.get(made.id)
    need((shown.query_text, shown.tags, shown.description, shown.warehouse_id) == ("select 3", None, None, "w"), shown)
    need({made.id, other.id} <= {found.id for found in w.queries.list(page_size=1)}, "list")
    permissions("queries", made.id, *QUERY_LEVELS)
    for gone in (made, other):
        w.queries.delete(gone.id)
        need(w.queries.get(gone.id).lifecycle_state.value == "TRASHED", "one in the trash says so")
    need(made.id not in [found.id for found in w.queries.list()], "trash")
    refused(lambda: w.queries.get("00000000-0000-0000-0000-000000000000"), NotFound)


@kind("alerts_of_queries")
def _():
    query = a_query(name("query"))
    condition = sql.AlertCondition(
        op=sql.AlertOperator.GREATER_THAN,
        operand=sql.AlertConditionOperand(column=sql.AlertOperandColumn(name="a")),
        threshold=sql.AlertConditionThreshold(value=sql.AlertOperandValue(double_value=1)),
    )
    body = sql.CreateAlertRequestAlert(display_name=name("alert"), query_id=query.id, condition=condition)
    made = w.alerts.create(alert=body)
    need(made.state == sql.AlertState.UNKNOWN and made.condition == condition, made)
    absent = sql.CreateAlertRequestAlert(display_name=name("alert"), query_id="none", condition=condition)
    refused(lambda: w.alerts.create(alert=absent), NotFound)
    w.alerts.update(made.id, "notify_on_ok", alert=sql.UpdateAlertRequestAlert(notify_on_ok=True))
    need(w.alerts.get(made.id).notify_on_ok is True, "update")
    need(made.id in [found.id for found in w.alerts.list()], "list")
    permissions("alerts", made.id, *OLD_ALERT_LEVELS)
    w.alerts.delete(made.id)
    need(w.alerts.get(made.id).lifecycle_state.value == "TRASHED", "one in the trash says so")


@kind("alerts")
def _():
    evaluation = sql.AlertV2Evaluation(
        source=sql.AlertV2OperandColumn(name="a"),
        comparison_operator=sql.ComparisonOperator.GREATER_THAN,
        threshold=sql.AlertV2Operand(value=sql.AlertV2OperandValue(double_value=1)),
    )
    cron = sql.CronSchedule(quartz_cron_schedule="0 0 8 * * ?", timezone_id="UTC")
    body = sql.AlertV2(display_name=name("alert"), query_text="select 1", warehouse_id="w", evaluation=evaluation, schedule=cron)
    made = w.alerts_v2.create_alert(body)
    need(made.effective_run_as.user_name == me and made.schedule.pause_status.value == "UNPAUSED", made)
    body.query_text, body.custom_summary = "select 2", "ignored"
    w.alerts_v2.update_alert(made.id, body, "query_text")
    shown = w.alerts_v2.get_alert(made.id)
    need(shown.query_text == "select 2" and not shown.custom_summary, shown)
    need(made.id in [found.id for found in w.alerts_v2.list_alerts(page_size=1)], "list")
    permissions("alertsv2", made.id, *FILE_LEVELS)
    w.alerts_v2.trash_alert(made.id)
    need(w.alerts_v2.get_alert(made.id).lifecycle_state.value == "DELETED", "one in the trash says so")
    w.alerts_v2.trash_alert(made.id, purge=True)
    refused(lambda: w.alerts_v2.get_alert(made.id), NotFound)


@kind("experiments")
def _():
    path = f"/Shared/{name('experiment')}"
    made = w.experiments.create_experiment(path, tags=[ml.ExperimentTag(key="a", value="b")]).experiment_id
    refused(lambda: w.experiments.create_experiment(path), ResourceAlreadyExists, BadRequest)
    w.experiments.set_experiment_tag(made, "c", "d")
    shown = w.experiments.get_experiment(made).experiment
    need({"a": "b", "c": "d"}.items() <= {tag.key: tag.value for tag in shown.tags}.items(), shown)
    need(str(w.workspace.get_status(path).object_id) == made, "its id is its place's")
    w.experiments.update_experiment(made, new_name=path + "2")
    need(w.experiments.get_by_name(path + "2").experiment.experiment_id == made, "rename")
    need(made in [found.experiment_id for found in w.experiments.list_experiments(max_results=1)], "list")
    found = list(w.experiments.search_experiments(filter="tags.c = 'd'"))
    need(made in [one.experiment_id for one in found], "search")
    permissions("experiments", made, "CAN_READ", "CAN_EDIT", "CAN_MANAGE")
    w.experiments.delete_experiment(made)
    need(w.experiments.get_experiment(made).experiment.lifecycle_stage == "deleted", "delete")
    refused(lambda: w.experiments.get_by_name(path + "2"), NotFound)
    w.experiments.restore_experiment(made)
    need(str(w.workspace.get_status(path + "2").object_id) == made, "restore")
    w.experiments.delete_experiment(made)


@kind("models")
def _():
    title = name("model")
    w.model_registry.create_model(title, description="a", tags=[ml.ModelTag(key="a", value="b")])
    refused(lambda: w.model_registry.create_model(title), ResourceAlreadyExists, BadRequest)
    w.model_registry.update_model(title, description="b")
    w.model_registry.set_model_tag(title, "c", "d")
    w.model_registry.delete_model_tag(title, "a")
    shown = w.model_registry.get_model(title).registered_model_databricks
    need(shown.description == "b" and [tag.key for tag in shown.tags] == ["c"], shown)
    need(title in [found.name for found in w.model_registry.list_models(max_results=1)], "list")
    permissions(
        "registered-models",
        shown.id,
        "CAN_READ",
        "CAN_EDIT",
        "CAN_MANAGE_STAGING_VERSIONS",
        "CAN_MANAGE_PRODUCTION_VERSIONS",
        "CAN_MANAGE",
    )
    w.model_registry.rename_model(title, new_name=title + "2")
    refused(lambda: w.model_registry.get_model(title), NotFound)
    w.model_registry.delete_model(title + "2")
    refused(lambda: w.model_registry.get_model(title + "2"), NotFound)


@kind("model_serving_endpoints")
def _():
    title = name("endpoint")

    def entity(version):
        return serving.ServedEntityInput(entity_name="main.s.m", entity_version=version, scale_to_zero_enabled=True)

    config = serving.EndpointCoreConfigInput(name=title, served_entities=[entity("1")])
    made = w.serving_endpoints.create_and_wait(title, config=config, tags=[serving.EndpointTag(key="a", value="b")])
    served = made.config.served_entities[0]
    need((served.name, served.workload_size, made.state.ready.value) == ("m-1", "Small", "READY"), made)
    need(made.config.traffic_config.routes[0].traffic_percentage == 100, made)
    refused(lambda: w.serving_endpoints.create(title, config=config), ResourceAlreadyExists, BadRequest)
    w.serving_endpoints.update_config(title, served_entities=[entity("2")])
    refused(lambda: w.serving_endpoints.update_config(title, served_entities=[entity("3")]), ResourceConflict)
    shown = until(lambda: w.serving_endpoints.get(title), lambda found: found.state.config_update.value == "NOT_UPDATING")
    need(shown.config.served_entities[0].entity_version == "2" and shown.config.config_version == 2, shown)
    w.serving_endpoints.patch(title, add_tags=[serving.EndpointTag(key="c", value="d")], delete_tags=["a"])
    w.serving_endpoints.put_ai_gateway(title, usage_tracking_config=serving.AiGatewayUsageTrackingConfig(enabled=True))
    shown = w.serving_endpoints.get(title)
    need([tag.key for tag in shown.tags] == ["c"] and shown.ai_gateway.usage_tracking_config.enabled, shown)
    listed = {found.name: found for found in w.serving_endpoints.list()}
    need(listed[title].config.served_entities[0].entity_name == "main.s.m", listed)
    permissions("serving-endpoints", made.id, "CAN_VIEW", "CAN_QUERY", "CAN_MANAGE")
    w.serving_endpoints.delete(title)
    refused(lambda: w.serving_endpoints.get(title), NotFound, saying="does not exist")


@kind("apps")
def _():
    title = name("app")
    refused(lambda: w.apps.create(apps.App(name="No Such Name")), BadRequest)
    resource = apps.AppResource(
        name="warehouse",
        sql_warehouse=apps.AppResourceSqlWarehouse(id="w", permission=apps.AppResourceSqlWarehouseSqlWarehousePermission.CAN_USE),
    )
    made = w.apps.create_and_wait(apps.App(name=title, description="a", resources=[resource]))
    need(made.compute_status.state == apps.ComputeState.ACTIVE and made.resources == [resource], made)
    need(w.service_principals.get(str(made.service_principal_id)).application_id == made.service_principal_client_id, "principal")
    refused(lambda: w.apps.create(apps.App(name=title)), AlreadyExists, ResourceConflict)
    w.apps.update(title, apps.App(name=title, description="b"))
    shown = w.apps.get(title)
    need(shown.description == "b" and shown.resources == [resource], shown)
    folder = f"/Shared/{name('code')}"
    w.workspace.mkdirs(folder)
    deployed = w.apps.deploy_and_wait(title, apps.AppDeployment(source_code_path=folder))
    need(deployed.status.state == apps.AppDeploymentState.SUCCEEDED, deployed)
    shown = w.apps.get(title)
    need(shown.app_status.state == apps.ApplicationState.RUNNING and shown.default_source_code_path == folder, shown)
    need([found.deployment_id for found in w.apps.list_deployments(title)] == [deployed.deployment_id], "deployments")
    need(w.apps.stop_and_wait(title).compute_status.state == apps.ComputeState.STOPPED, "stop")
    refused(lambda: w.apps.deploy(title, apps.AppDeployment(source_code_path=folder)), BadRequest, saying="ACTIVE")
    need(title in [found.name for found in w.apps.list()], "list")
    permissions("apps", title, "CAN_USE", "CAN_MANAGE")
    need(w.apps.delete(title).compute_status.state == apps.ComputeState.DELETING, "delete")

    def is_gone(_):
        return title not in [found.name for found in w.apps.list()]

    until(lambda: None, is_gone)
    refused(lambda: w.apps.get(title), NotFound, saying="does not exist or is deleted")


@kind("vector_search_endpoints")
def _():
    title = name("endpoint")
    made = w.vector_search_endpoints.create_endpoint_and_wait(title, vectorsearch.EndpointType.STANDARD)
    need(made.endpoint_status.state == vectorsearch.EndpointStatusState.ONLINE and made.num_indexes == 0, made)
    refused(lambda: w.vector_search_endpoints.create_endpoint(title, vectorsearch.EndpointType.STANDARD), ResourceAlreadyExists, BadRequest)
    w.vector_search_endpoints.update_endpoint_budget_policy(title, "p")
    need(w.vector_search_endpoints.get_endpoint(title).effective_budget_policy_id == "p", "budget policy")
    need(title in [found.name for found in w.vector_search_endpoints.list_endpoints()], "list")
    permissions("vector-search-endpoints", made.id, "CAN_USE", "CAN_MANAGE")
    w.vector_search_endpoints.delete_endpoint(title)
    refused(lambda: w.vector_search_endpoints.get_endpoint(title), NotFound)


@kind("vector_search_indexes")
def _():
    endpoint, title = name("endpoint"), f"main.s.{name('index').replace('-', '_')}"
    spec = vectorsearch.DeltaSyncVectorIndexSpecRequest(source_table="main.s.t", pipeline_type=vectorsearch.PipelineType.TRIGGERED)
    body = {"index_type": vectorsearch.VectorIndexType.DELTA_SYNC, "delta_sync_index_spec": spec}
    refused(lambda: w.vector_search_indexes.create_index(title, endpoint, "id", **body), NotFound)
    w.vector_search_endpoints.create_endpoint(endpoint, vectorsearch.EndpointType.STANDARD)
    made = w.vector_search_indexes.create_index(title, endpoint, "id", **body)
    need(made.delta_sync_index_spec.pipeline_id and not made.status.ready, made)
    refused(lambda: w.vector_search_indexes.create_index(title, endpoint, "id", **body), ResourceAlreadyExists, BadRequest)
    until(lambda: w.vector_search_indexes.get_index(title), lambda found: found.status.ready)
    w.vector_search_indexes.sync_index(title)
    need([found.name for found in w.vector_search_indexes.list_indexes(endpoint)] == [title], "list")
    refused(lambda: w.vector_search_endpoints.delete_endpoint(endpoint), BadRequest, saying="indexes")
    w.vector_search_indexes.delete_index(title)
    refused(lambda: w.vector_search_indexes.create_index(title, endpoint, "id", **body), BadRequest, saying="pending deletion")

    def is_there():
        try:
            return w.vector_search_indexes.get_index(title)
        except NotFound:
            return None

    until(is_there, lambda found: found is None)
    w.vector_search_endpoints.delete_endpoint(endpoint)
