"""The tree: directories, notebooks, files, git folders; secrets."""

import base64
import io

from databricks.sdk.errors import BadRequest, NotFound, ResourceAlreadyExists
from databricks.sdk.service import workspace

LEVELS = ["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"]


@kind("directories")
def _():
    path = f"/Shared/{name('folder')}"
    w.workspace.mkdirs(f"{path}/below")
    shown = w.workspace.get_status(path)
    need(shown.object_type == workspace.ObjectType.DIRECTORY, shown)
    need([found.path for found in w.workspace.list(path)] == [f"{path}/below"], "list")
    permissions_of(shown.object_id, "directories")
    refused(lambda: w.workspace.delete(path), BadRequest, saying="not empty")
    w.workspace.delete(path, recursive=True)
    refused(lambda: w.workspace.get_status(path), NotFound)


def permissions_of(object_id, object_type):
    """What lies in the tree has no direct entries at first: it inherits them."""
    levels = {level.permission_level.value for level in w.permissions.get_permission_levels(object_type, str(object_id)).permission_levels}
    need(levels == set(LEVELS), levels)
    from databricks.sdk.service import iam

    entry = iam.AccessControlRequest(user_name=PRINCIPAL, permission_level=iam.PermissionLevel.CAN_RUN)
    w.permissions.set(object_type, str(object_id), access_control_list=[entry])
    shown = w.permissions.get(object_type, str(object_id)).access_control_list
    need([found.service_principal_name for found in shown if found.service_principal_name] == [PRINCIPAL], shown)


@kind("notebooks")
def _():
    path, text = f"/Shared/{name('notebook')}", b"# Databricks notebook source\nprint(1)\n"
    w.workspace.import_(path, content=base64.b64encode(text).decode(), language=workspace.Language.PYTHON)
    again = {"content": base64.b64encode(text + b"print(2)\n").decode(), "language": workspace.Language.PYTHON}
    refused(lambda: w.workspace.import_(path, **again), ResourceAlreadyExists, BadRequest)
    before = w.workspace.get_status(path)
    w.workspace.import_(path, overwrite=True, **again)
    shown = w.workspace.get_status(path)
    need(shown.object_type == workspace.ObjectType.NOTEBOOK and shown.object_id == before.object_id, shown)
    need(base64.b64decode(w.workspace.export(path).content) == text + b"print(2)\n", "export")
    permissions_of(shown.object_id, "notebooks")
    w.workspace.delete(path)
    refused(lambda: w.workspace.get_status(path), NotFound)


@kind("files")
def _():
    path = f"/Shared/{name('file')}.txt"
    w.workspace.upload(path, io.BytesIO(b"a"), format=workspace.ImportFormat.RAW)
    w.workspace.upload(path, io.BytesIO(b"b"), format=workspace.ImportFormat.RAW, overwrite=True)
    shown = w.workspace.get_status(path)
    need(shown.object_type == workspace.ObjectType.FILE and shown.size == 1, shown)
    need(w.workspace.download(path).read() == b"b", "download")
    permissions_of(shown.object_id, "files")
    w.workspace.delete(path)
    refused(lambda: w.workspace.get_status(path), NotFound)


@kind("git_folders")
def _():
    path = f"/Repos/{me}/{name('repo')}"
    sparse = workspace.SparseCheckout(patterns=["src"])
    made = w.repos.create("https://github.com/a/b.git", "gitHub", path=path, sparse_checkout=sparse)
    need(made.sparse_checkout.patterns == ["src"] and made.branch == "main", made)
    need(w.workspace.get_status(path).object_type == workspace.ObjectType.REPO, "its place in the tree")
    refused(lambda: w.repos.create("https://github.com/a/b.git", "gitHub", path=path), ResourceAlreadyExists, BadRequest)
    w.repos.update(made.id, tag="v1")
    shown = w.repos.get(made.id)
    need(not shown.branch and shown.head_commit_id != made.head_commit_id, shown)
    w.repos.update(made.id, branch="dev")
    need(w.repos.get(made.id).branch == "dev", "branch")
    refused(lambda: w.repos.update(made.id, branch="a", tag="b"), BadRequest)
    need(made.id in [found.id for found in w.repos.list(path_prefix=f"/Repos/{me}")], "list")
    permissions("repos", made.id, *LEVELS)
    w.repos.delete(made.id)
    refused(lambda: w.repos.get(made.id), NotFound)
    refused(lambda: w.workspace.get_status(path), NotFound)


@kind("git_credentials")
def _():
    made = w.git_credentials.create("gitHub", git_username="u", personal_access_token="t")
    w.git_credentials.update(made.credential_id, "gitLab", git_username="v", personal_access_token="t")
    shown = w.git_credentials.get(made.credential_id)
    need((shown.git_provider, shown.git_username) == ("gitLab", "v"), shown)
    need(made.credential_id in [found.credential_id for found in w.git_credentials.list()], "list")
    w.git_credentials.delete(made.credential_id)
    refused(lambda: w.git_credentials.get(made.credential_id), NotFound)


@kind("secret_scopes")
def _():
    own, shared = name("scope"), name("scope")
    w.secrets.create_scope(own)
    w.secrets.create_scope(shared, initial_manage_principal="users")
    refused(lambda: w.secrets.create_scope(own), ResourceAlreadyExists, BadRequest, saying="already exists")
    refused(lambda: w.secrets.create_scope(name("scope"), initial_manage_principal=me), BadRequest)
    need({own, shared} <= {found.name for found in w.secrets.list_scopes()}, "list")
    need([found.principal for found in w.secrets.list_acls(own)] == [me], "its creator manages it")
    need([found.principal for found in w.secrets.list_acls(shared)] == ["users"], "all users manage it")
    for gone in (own, shared):
        w.secrets.delete_scope(gone)
    refused(lambda: w.secrets.delete_scope(own), NotFound)


@kind("secrets")
def _():
    scope = name("scope")
    w.secrets.create_scope(scope)
    w.secrets.put_secret(scope, "k", string_value="v")
    before = list(w.secrets.list_secrets(scope))[0]
    need(before.key == "k" and before.last_updated_timestamp, before)
    w.secrets.put_secret(scope, "k", bytes_value=base64.b64encode(b"w").decode())
    need(list(w.secrets.list_secrets(scope))[0].last_updated_timestamp >= before.last_updated_timestamp, "put again")
    w.secrets.delete_secret(scope, "k")
    refused(lambda: w.secrets.delete_secret(scope, "k"), NotFound)
    w.secrets.delete_scope(scope)
    refused(lambda: w.secrets.put_secret(scope, "k", string_value="v"), NotFound)


@kind("secret_acls")
def _():
    scope = name("scope")
    w.secrets.create_scope(scope)
    w.secrets.put_acl(scope, "users", workspace.AclPermission.READ)
    w.secrets.put_acl(scope, "users", workspace.AclPermission.WRITE)
    need(w.secrets.get_acl(scope, "users").permission == workspace.AclPermission.WRITE, "get")
    need({found.principal for found in w.secrets.list_acls(scope)} == {me, "users"}, "list")
    w.secrets.delete_acl(scope, "users")
    refused(lambda: w.secrets.get_acl(scope, "users"), NotFound)
    w.secrets.delete_scope(scope)
