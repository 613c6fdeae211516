"""Signs in by the official client with a token of another issuer, from a file and from a variable; prints what came of it.

oidc_sign_in.py WORKSPACE ACCOUNT ACCOUNT_ID TOKEN_FILE

The service principal is that of DATABRICKS_CLIENT_ID; the same token is in ID_TOKEN.
"""

import json
import os
import sys

from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.core import Config

WORKSPACE, ACCOUNT, ACCOUNT_ID, FILE = sys.argv[1:5]
CLIENT = os.environ["DATABRICKS_CLIENT_ID"]

file = dict(auth_type="file-oidc", client_id=CLIENT, oidc_token_filepath=FILE, retry_timeout_seconds=5)
env = dict(auth_type="env-oidc", client_id=CLIENT, oidc_token_env="ID_TOKEN", retry_timeout_seconds=5)


def outcome(call):
    try:
        return call()
    except Exception as error:  # Whatever the client makes of a refused token.
        return f"refused: {error}"


def me(how):
    return WorkspaceClient(config=Config(host=WORKSPACE, **how)).current_user.me().user_name


def count(how):
    client = AccountClient(config=Config(host=ACCOUNT, account_id=ACCOUNT_ID, **how))
    return len(list(client.workspaces.list()))


print(
    json.dumps(
        {
            "file": outcome(lambda: me(file)),
            "env": outcome(lambda: me(env)),
            "account": outcome(lambda: count(file)),
            "another": outcome(lambda: me({**file, "client_id": "hodman-prod"})),
        }
    )
)
