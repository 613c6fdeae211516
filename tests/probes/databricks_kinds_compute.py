"""Jobs, pipelines, clusters and what they are made of, warehouses."""

import base64

from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, ResourceAlreadyExists, ResourceConflict
from databricks.sdk.service import compute, jobs, pipelines, sql

NODE = {"spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large", "num_workers": 1}


@kind("jobs")
def _():
    title = name("job")
    task = jobs.Task(task_key="a", notebook_task=jobs.NotebookTask(notebook_path="/Shared/nb"), existing_cluster_id="c")
    job = w.jobs.create(name=title, tasks=[task], tags={"a": "b"}).job_id
    need(w.jobs.get(job).settings.name == title, "get")
    w.jobs.update(job, new_settings=jobs.JobSettings(max_concurrent_runs=3), fields_to_remove=["tags"])
    settings = w.jobs.get(job).settings
    need(settings.max_concurrent_runs == 3 and not settings.tags and len(settings.tasks) == 1, settings)
    w.jobs.reset(job, jobs.JobSettings(name=title, tasks=[task]))
    need(w.jobs.get(job).settings.max_concurrent_runs == 1, "a reset leaves nothing")
    need([found.job_id for found in w.jobs.list(name=title)] == [job], "list")
    permissions("jobs", job, "CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER")
    w.jobs.delete(job)
    refused(lambda: w.jobs.get(job), NotFound, InvalidParameterValue, saying="does not exist")


@kind("pipelines")
def _():
    title = name("pipeline")
    library = pipelines.PipelineLibrary(notebook=pipelines.NotebookLibrary(path="/Shared/kinds_pipeline"))
    source = base64.b64encode(b"# Databricks notebook source\n1").decode()
    from databricks.sdk.service import workspace

    w.workspace.import_("/Shared/kinds_pipeline", content=source, language=workspace.Language.PYTHON, overwrite=True)
    dry = w.pipelines.create(name=title, catalog="main", schema="s", serverless=True, dry_run=True)
    need(dry.effective_settings.channel == "CURRENT" and not dry.pipeline_id, dry)
    made = w.pipelines.create(name=title, catalog="main", schema="s", serverless=True, libraries=[library]).pipeline_id
    refused(lambda: w.pipelines.create(name=title), ResourceConflict, saying="already used")
    twin = w.pipelines.create(name=title, allow_duplicate_names=True).pipeline_id
    shown = w.pipelines.get(made)
    need(shown.spec.name == title and shown.spec.edition == "ADVANCED" and shown.creator_user_name == me, shown)
    need(shown.state == pipelines.PipelineState.IDLE and shown.last_modified, shown)
    need(w.pipelines.get(twin).spec.storage == f"dbfs:/pipelines/{twin}", "storage")
    w.pipelines.update(made, name=title, catalog="main", schema="t", allow_duplicate_names=True, libraries=[library])
    after = w.pipelines.get(made)
    need(after.spec.schema == "t" and not after.spec.serverless, "an edit replaces all")
    late = {"expected_last_modified": shown.last_modified, "name": title, "catalog": "main"}
    refused(lambda: w.pipelines.update(made, **late), ResourceConflict)
    listed = {found.pipeline_id for found in w.pipelines.list_pipelines(filter=f"name LIKE '{title[:12]}%'", max_results=1)}
    need(listed == {made, twin}, f"list {listed}")
    update = w.pipelines.start_update(made).update_id
    refused(lambda: w.pipelines.start_update(made), ResourceConflict)
    ended = until(lambda: w.pipelines.get_update(made, update).update, lambda found: found.state.value in ("COMPLETED", "FAILED"))
    need(ended.state == pipelines.UpdateInfoState.COMPLETED, ended)
    need([found.update_id for found in w.pipelines.list_updates(made).updates] == [update], "updates")
    need(any(event.event_type == "create_update" for event in w.pipelines.list_pipeline_events(made)), "events")
    w.pipelines.start_update(made)
    stopped = w.pipelines.stop_and_wait(made)
    need(stopped.latest_updates[0].state.value == "CANCELED", stopped)
    permissions("pipelines", made, "CAN_VIEW", "CAN_RUN", "CAN_MANAGE", "IS_OWNER")
    for gone in (made, twin):
        w.pipelines.delete(gone)
        refused(lambda: w.pipelines.get(gone), NotFound, saying="was not found")


@kind("clusters")
def _():
    made = w.clusters.create(cluster_name=name("cluster"), **NODE).cluster_id
    need(until(lambda: w.clusters.get(made), lambda found: found.state == compute.State.RUNNING).num_workers == 1, "get")
    w.clusters.edit(made, cluster_name="edited", **(NODE | {"num_workers": 2}))
    shown = until(lambda: w.clusters.get(made), lambda found: found.state == compute.State.RUNNING)
    need(shown.num_workers == 2 and shown.cluster_name == "edited", shown)
    w.clusters.resize(made, num_workers=3)
    until(lambda: w.clusters.get(made), lambda found: found.state == compute.State.RUNNING and found.num_workers == 3)
    need(made in [found.cluster_id for found in w.clusters.list()], "list")
    permissions("clusters", made, "CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE")
    w.clusters.permanent_delete(made)
    refused(lambda: w.clusters.get(made), NotFound, InvalidParameterValue, saying="does not exist")


@kind("cluster_policies")
def _():
    title, definition = name("policy"), '{"spark_version":{"type":"fixed","value":"x"}}'
    made = w.cluster_policies.create(name=title, definition=definition, description="a").policy_id
    refused(lambda: w.cluster_policies.create(name=title, definition="{}"), ResourceAlreadyExists, BadRequest)
    refused(lambda: w.cluster_policies.create(name=name("policy"), definition="{"), BadRequest)
    need(w.cluster_policies.get(made).definition == definition, "get")
    w.cluster_policies.edit(made, name=title, definition="{}")
    shown = w.cluster_policies.get(made)
    need(shown.definition == "{}" and not shown.description and shown.creator_user_name == me, "an edit replaces all")
    need(made in [found.policy_id for found in w.cluster_policies.list()], "list")
    permissions("cluster-policies", made, "CAN_USE")
    w.cluster_policies.delete(made)
    refused(lambda: w.cluster_policies.get(made), NotFound)


@kind("instance_pools")
def _():
    title = name("pool")
    made = w.instance_pools.create(title, "m5.large", min_idle_instances=1, max_capacity=5).instance_pool_id
    refused(lambda: w.instance_pools.create(title, "m5.large"), ResourceAlreadyExists, BadRequest)
    w.instance_pools.edit(made, title + "2", "m5.large", max_capacity=7)
    shown = w.instance_pools.get(made)
    need((shown.instance_pool_name, shown.max_capacity, shown.min_idle_instances) == (title + "2", 7, 0), shown)
    refused(lambda: w.instance_pools.edit(made, title, "m5.xlarge"), BadRequest, saying="node type")
    need(made in [found.instance_pool_id for found in w.instance_pools.list()], "list")
    permissions("instance-pools", made, "CAN_ATTACH_TO", "CAN_MANAGE")
    w.instance_pools.delete(made)
    refused(lambda: w.instance_pools.get(made), NotFound)


@kind("sql_warehouses")
def _():
    title = name("warehouse")
    tags = sql.EndpointTags(custom_tags=[sql.EndpointTagPair(key="a", value="b")])
    made = w.warehouses.create_and_wait(name=title, cluster_size="Small", auto_stop_mins=10, max_num_clusters=2, tags=tags)
    need(made.state == sql.State.RUNNING and made.num_clusters == 1 and made.tags == tags, made)
    refused(lambda: w.warehouses.create(name=title, cluster_size="Small"), ResourceAlreadyExists, BadRequest)
    refused(lambda: w.warehouses.create(name=name("warehouse"), cluster_size="Tiny"), BadRequest)
    w.warehouses.edit(made.id, name=title, cluster_size="Large")
    shown = w.warehouses.get(made.id)
    need((shown.cluster_size, shown.auto_stop_mins, shown.max_num_clusters, shown.tags) == ("Large", 120, 1, None), shown)
    need(made.id in [found.id for found in w.warehouses.list(page_size=1)], "list")
    need(w.warehouses.stop_and_wait(made.id).state == sql.State.STOPPED, "stop")
    permissions("warehouses", made.id, "CAN_VIEW", "CAN_MONITOR", "CAN_USE", "CAN_MANAGE", "IS_OWNER")
    w.warehouses.delete(made.id)
    refused(lambda: w.warehouses.get(made.id), NotFound)


@kind("global_init_scripts")
def _():
    text = base64.b64encode(b"echo 1").decode()
    for script in w.global_init_scripts.list():
        w.global_init_scripts.delete(script.script_id)
    first = w.global_init_scripts.create(name="a", script=text).script_id
    second = w.global_init_scripts.create(name="b", script=text, position=0, enabled=True).script_id
    listed = list(w.global_init_scripts.list())
    need([(found.script_id, found.position) for found in listed] == [(second, 0), (first, 1)], listed)
    need(w.global_init_scripts.get(first).script == text, "get")
    w.global_init_scripts.update(first, name="c", script=text, position=0)
    need([found.name for found in w.global_init_scripts.list()] == ["c", "b"], "order")
    refused(lambda: w.global_init_scripts.create(name="d", script="no base64!"), BadRequest)
    for gone in (first, second):
        w.global_init_scripts.delete(gone)
    refused(lambda: w.global_init_scripts.get(first), NotFound)


@kind("instance_profiles")
def _():
    arn = f"arn:aws:iam::123456789012:instance-profile/{name('profile')}"
    w.instance_profiles.add(arn, skip_validation=True)
    refused(lambda: w.instance_profiles.add(arn, skip_validation=True), ResourceAlreadyExists, BadRequest)
    w.instance_profiles.edit(arn, is_meta_instance_profile=True)
    shown = [found for found in w.instance_profiles.list() if found.instance_profile_arn == arn]
    need(shown[0].is_meta_instance_profile, shown)
    w.instance_profiles.remove(arn)
    need(arn not in [found.instance_profile_arn for found in w.instance_profiles.list()], "remove")
