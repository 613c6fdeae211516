"""Unity Catalog: what lies in a metastore, grants, bindings, and the files of volumes."""

import io

from databricks.sdk.errors import AlreadyExists, BadRequest, NotFound, PermissionDenied
from databricks.sdk.service import catalog as uc

ROLE = uc.AwsIamRoleRequest(role_arn="arn:aws:iam::123456789012:role/data")


def schema():
    """A new schema in a new catalog: the names of both."""
    catalog = w.catalogs.create(name=name("catalog")).name
    return catalog, w.schemas.create(name="sales", catalog_name=catalog).name


def location(**more):
    """A new external location with a credential of its own."""
    credential = w.storage_credentials.create(name=name("credential"), aws_iam_role=ROLE).name
    return w.external_locations.create(name=name("lake"), url=f"s3://{name('lake')}/", credential_name=credential, **more)


def check_grants(securable, full_name, privilege, wrong):
    """Grants of one privilege on a securable: added, seen, refused, taken back."""

    def change(**changes):
        changes = [uc.PermissionsChange(principal=PRINCIPAL, **changes)]
        return w.grants.update(securable, full_name, changes=changes).privilege_assignments or []

    need(not w.grants.get(securable, full_name).privilege_assignments, "a new one has no grants")
    need([one.privileges for one in change(add=[privilege])] == [[privilege]], "add")
    refused(lambda: change(add=[uc.Privilege.MANAGE, wrong]), BadRequest, saying="not applicable")
    (found,) = w.grants.get(securable, full_name, principal=PRINCIPAL).privilege_assignments
    need((found.principal, found.privileges) == (PRINCIPAL, [privilege]), found)
    need(change(remove=[privilege]) == [], "remove")


def bind(securable, full_name):
    """Opens what is isolated to this workspace."""
    own = uc.WorkspaceBinding(
        workspace_id=w.metastores.current().workspace_id,
        binding_type=uc.WorkspaceBindingBindingType.BINDING_TYPE_READ_WRITE,
    )
    w.workspace_bindings.update_bindings(securable, full_name, add=[own])


@kind("catalogs")
def _():
    title = name("Catalog")
    made = w.catalogs.create(name=title, comment="a", properties={"k": "v"})
    need((made.name, made.catalog_type) == (title.lower(), uc.CatalogType.MANAGED_CATALOG), made)
    need(made.owner == made.created_by == w.current_user.me().user_name, made)
    need(made.metastore_id == w.metastores.current().metastore_id, made)
    need({one.name for one in w.schemas.list(made.name)} == {"default", "information_schema"}, "its schemas")
    refused(lambda: w.catalogs.create(name=title), BadRequest, saying="already exists")
    refused(lambda: w.catalogs.create(name="a.b"), BadRequest)
    changed = w.catalogs.update(made.name, comment="b", owner=PRINCIPAL, isolation_mode=uc.CatalogIsolationMode.ISOLATED)
    need((changed.comment, changed.owner, changed.properties) == ("b", PRINCIPAL, {"k": "v"}), changed)
    bind("catalog", made.name)
    need(made.name in [one.name for one in w.catalogs.list(max_results=1)], "list")
    check_grants("catalog", made.name, uc.Privilege.USE_CATALOG, uc.Privilege.READ_FILES)
    renamed = w.catalogs.update(made.name, new_name=name("catalog"))
    need(w.schemas.get(f"{renamed.name}.default").catalog_name == renamed.name, "what lies within moves along")
    refused(lambda: w.catalogs.get(made.name), NotFound)
    refused(lambda: w.catalogs.delete(renamed.name), BadRequest, saying="is not empty")
    w.schemas.delete(f"{renamed.name}.default")
    w.catalogs.delete(renamed.name)
    refused(lambda: w.catalogs.get(renamed.name), NotFound)


@kind("schemas")
def _():
    catalog, title = schema()
    full_name = f"{catalog}.{title}"
    refused(lambda: w.schemas.create(name=title, catalog_name=catalog), BadRequest, saying="already exists")
    refused(lambda: w.schemas.create(name=title, catalog_name=name("none")), NotFound, saying="Catalog")
    changed = w.schemas.update(full_name, comment="b", enable_predictive_optimization=uc.EnablePredictiveOptimization.ENABLE)
    need(changed.comment == "b" and changed.effective_predictive_optimization_flag.value.value == "ENABLE", changed)
    need(full_name in [one.full_name for one in w.schemas.list(catalog)], "list")
    check_grants("schema", full_name, uc.Privilege.USE_SCHEMA, uc.Privilege.USE_CATALOG)
    change = uc.PermissionsChange(principal=PRINCIPAL, add=[uc.Privilege.SELECT])
    w.grants.update("catalog", catalog, changes=[change])
    (effective,) = w.grants.get_effective("schema", full_name).privilege_assignments
    (privilege,) = effective.privileges
    need((privilege.privilege, privilege.inherited_from_name) == (uc.Privilege.SELECT, catalog), privilege)
    w.registered_models.create(catalog_name=catalog, schema_name=title, name="m")
    refused(lambda: w.schemas.delete(full_name), BadRequest, saying="0 tables(s), 1 functions(s), 0 volumes(s)")
    w.schemas.delete(full_name, force=True)
    refused(lambda: w.registered_models.get(f"{full_name}.m"), NotFound)
    w.catalogs.delete(catalog, force=True)


@kind("volumes")
def _():
    catalog, within = schema()
    managed = w.volumes.create(catalog, within, "managed", uc.VolumeType.MANAGED, comment="a")
    need(managed.storage_location.startswith("s3://"), managed)
    lake = location()
    refused(lambda: w.volumes.create(catalog, within, "raw", uc.VolumeType.EXTERNAL, storage_location="s3://nowhere/x"), BadRequest)
    raw = w.volumes.create(catalog, within, "raw", uc.VolumeType.EXTERNAL, storage_location=f"{lake.url}/raw/")
    need(raw.storage_location == f"{lake.url}/raw", raw)
    refused(lambda: w.volumes.create(catalog, within, "two", uc.VolumeType.EXTERNAL, storage_location=f"{lake.url}/raw/two"), BadRequest)
    changed = w.volumes.update(raw.full_name, comment="b", new_name="cooked")
    need((changed.full_name, changed.volume_id) == (f"{catalog}.{within}.cooked", raw.volume_id), changed)
    need([one.name for one in w.volumes.list(catalog, within)] == ["cooked", "managed"], "list")
    check_grants("volume", changed.full_name, uc.Privilege.READ_VOLUME, uc.Privilege.SELECT)
    refused(lambda: w.external_locations.delete(lake.name), BadRequest, saying="1 dependent external volumes")
    w.volumes.delete(changed.full_name)
    refused(lambda: w.volumes.read(changed.full_name), NotFound)
    w.catalogs.delete(catalog, force=True)
    w.external_locations.delete(lake.name)


@kind("volume_files")
def _():
    catalog, within = schema()
    w.volumes.create(catalog, within, "v", uc.VolumeType.MANAGED)
    folder = f"/Volumes/{catalog}/{within}/v/a/b"
    path = f"{folder}/f.bin"
    w.files.upload(path, io.BytesIO(b"{not json"), overwrite=False)
    refused(lambda: w.files.upload(path, io.BytesIO(b"x"), overwrite=False), AlreadyExists)
    need(w.files.download(path).contents.read() == b"{not json", "download")
    need(w.files.get_metadata(path).content_length == 9, "metadata")
    (entry,) = w.files.list_directory_contents(folder)
    need((entry.path, entry.is_directory, entry.file_size) == (path, False, 9), entry)
    refused(lambda: w.files.delete_directory(folder), BadRequest)
    w.files.delete(path)
    refused(lambda: w.files.download(path), NotFound)
    w.files.delete_directory(folder)
    refused(lambda: w.files.get_directory_metadata(folder), NotFound)
    w.catalogs.delete(catalog, force=True)


@kind("storage_credentials")
def _():
    title = name("credential")
    made = w.storage_credentials.create(name=title, aws_iam_role=ROLE, comment="a")
    need(made.aws_iam_role.external_id and "UCMasterRole" in made.aws_iam_role.unity_catalog_iam_arn, made)
    refused(lambda: w.storage_credentials.create(name=title, aws_iam_role=ROLE), BadRequest, saying="already exists")
    wrong = uc.AwsIamRoleRequest(role_arn="data")
    refused(lambda: w.storage_credentials.create(name=name("x"), aws_iam_role=wrong), BadRequest)
    changed = w.storage_credentials.update(title, comment="b", isolation_mode=uc.IsolationMode.ISOLATION_MODE_ISOLATED)
    need((changed.comment, changed.id, changed.aws_iam_role) == ("b", made.id, made.aws_iam_role), changed)
    bind("storage_credential", title)
    checked = w.storage_credentials.validate(storage_credential_name=title, url="s3://lake/x")
    need({one.result.value for one in checked.results} == {"PASS"}, checked)
    need(title in [one.name for one in w.storage_credentials.list()], "list")
    check_grants("storage_credential", title, uc.Privilege.CREATE_EXTERNAL_LOCATION, uc.Privilege.SELECT)
    w.storage_credentials.delete(title)
    refused(lambda: w.storage_credentials.get(title), NotFound)


@kind("external_locations")
def _():
    made = location(comment="a")
    credential = w.storage_credentials.get(made.credential_name)
    need((made.credential_id, made.read_only) == (credential.id, False), made)
    inside = dict(url=f"{made.url}/x", credential_name=credential.name)
    refused(lambda: w.external_locations.create(name=name("x"), **inside), BadRequest, saying="overlaps")
    refused(lambda: w.external_locations.create(name=name("x"), url="s3://other", credential_name="none"), NotFound)
    changed = w.external_locations.update(made.name, comment="b", read_only=True)
    need((changed.comment, changed.read_only, changed.url) == ("b", True, made.url), changed)
    catalog = w.catalogs.create(name=name("catalog"), storage_root=f"{made.url}/catalog").name
    refused(lambda: w.external_locations.update(made.name, url="s3://elsewhere"), BadRequest, saying="dependent catalogs")
    refused(lambda: w.external_locations.delete(made.name), BadRequest, saying="1 dependent catalogs")
    refused(lambda: w.storage_credentials.delete(credential.name), BadRequest, saying="1 dependent storage location")
    need(made.name in [one.name for one in w.external_locations.list()], "list")
    check_grants("external_location", made.name, uc.Privilege.READ_FILES, uc.Privilege.SELECT)
    w.catalogs.delete(catalog, force=True)
    w.external_locations.delete(made.name)
    refused(lambda: w.external_locations.get(made.name), NotFound)


@kind("connections")
def _():
    title = name("db")
    options = {"host": "db.example.com", "port": "5432", "user": "u", "password": "hodman-canary-5ecret-DO-NOT-LEAK"}
    made = w.connections.create(name=title, connection_type=uc.ConnectionType.POSTGRESQL, options=options)
    shown = {key: value for key, value in options.items() if key != "password"}
    need((made.options, made.credential_type) == (shown, uc.CredentialType.USERNAME_PASSWORD), made)
    need(w.connections.get(title).options == shown, "no answer has the password")
    refused(lambda: w.connections.create(name=name("x"), connection_type=uc.ConnectionType.MYSQL, options={}), BadRequest, saying="host")
    changed = w.connections.update(title, options=options | {"port": "5433"})
    need(changed.options == shown | {"port": "5433"}, changed)
    foreign = w.catalogs.create(name=name("foreign"), connection_name=title, options={"database": "sales"})
    need(foreign.catalog_type == uc.CatalogType.FOREIGN_CATALOG, foreign)
    refused(lambda: w.connections.delete(title), BadRequest)
    need(title in [one.name for one in w.connections.list()], "list")
    check_grants("connection", title, uc.Privilege.USE_CONNECTION, uc.Privilege.SELECT)
    w.catalogs.delete(foreign.name, force=True)
    w.connections.delete(title)
    refused(lambda: w.connections.get(title), NotFound)


@kind("registered_models")
def _():
    catalog, within = schema()
    made = w.registered_models.create(catalog_name=catalog, schema_name=within, name="M", comment="a")
    need(made.full_name == f"{catalog}.{within}.m", made)
    refused(lambda: w.registered_models.create(catalog_name=catalog, schema_name=within, name="m"), BadRequest)
    need(w.registered_models.update(made.full_name, comment="b").comment == "b", "update")
    refused(lambda: w.registered_models.set_alias(made.full_name, "champion", 1), NotFound, saying="version 1")
    need([one.name for one in w.registered_models.list(catalog_name=catalog, schema_name=within)] == ["m"], "list")
    check_grants("function", made.full_name, uc.Privilege.EXECUTE, uc.Privilege.SELECT)
    w.registered_models.delete(made.full_name)
    refused(lambda: w.registered_models.get(made.full_name), NotFound)
    w.catalogs.delete(catalog, force=True)


@kind("workspace_bindings")
def _():
    catalog, _ = schema()
    own = w.metastores.current().workspace_id
    w.catalogs.update(catalog, isolation_mode=uc.CatalogIsolationMode.ISOLATED)
    refused(lambda: w.catalogs.get(catalog), PermissionDenied, saying="not accessible in current workspace")
    bind("catalog", catalog)
    read_only = uc.WorkspaceBindingBindingType.BINDING_TYPE_READ_ONLY
    w.workspace_bindings.update_bindings("catalog", catalog, add=[uc.WorkspaceBinding(workspace_id=5, binding_type=read_only)])
    found = {one.workspace_id: one.binding_type.value for one in w.workspace_bindings.get_bindings("catalog", catalog)}
    need(found == {5: "BINDING_TYPE_READ_ONLY", own: "BINDING_TYPE_READ_WRITE"}, found)
    w.workspace_bindings.update_bindings("catalog", catalog, remove=[uc.WorkspaceBinding(workspace_id=own)])
    refused(lambda: w.catalogs.get(catalog), PermissionDenied, saying="not accessible in current workspace")
    need(catalog not in [one.name for one in w.catalogs.list()], "hidden")
    need(catalog in [one.name for one in w.catalogs.list(include_unbound=True)], "include_unbound")
    w.workspace_bindings.update(catalog, assign_workspaces=[own], unassign_workspaces=[5])
    need(w.workspace_bindings.get(catalog).workspaces == [own], "the older call")
    w.catalogs.delete(catalog, force=True)
