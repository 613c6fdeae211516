"""A provider of Terraform for the tests: jars on a shelf, each a file in a folder, so that hands can change them, too.

It speaks the plugin protocol by a framework that others wrote. The tests put it into a filesystem mirror, as
`terraform-provider-shelf`. Beside each jar lie, when they are there: `NAME.holds`, while which making the jar waits, and
`NAME.maker`, the process that makes it. A provider that is asked to end by a signal leaves `signalled`.
"""

import json
import os
import pathlib
import signal
import sys
import time

from tf.iface import Resource
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import Number, String

HOST = "hodman.test"


class Jar(Resource):
    def __init__(self, shelf):
        self.folder = shelf.folder

    @classmethod
    def get_name(cls):
        return "jar"

    @classmethod
    def get_schema(cls):
        return Schema(
            attributes=[
                Attribute("name", String(), required=True, requires_replace=True),
                Attribute("size", Number(), required=True),
                Attribute("note", String(), optional=True, sensitive=True),
                Attribute("path", String(), computed=True),
            ]
        )

    def file(self, state):
        return self.folder / state["name"]

    def write(self, planned):
        file = self.file(planned)
        holds = file.with_suffix(".holds")
        if holds.exists():
            mark = file.with_suffix(".new")
            mark.write_text(str(os.getpid()))
            mark.rename(file.with_suffix(".maker"))
            while holds.exists():
                time.sleep(0.05)
        state = {**planned, "path": str(file), "size": int(planned["size"])}
        file.write_text(json.dumps({"size": state["size"], "note": state["note"]}))
        return state

    def create(self, ctx, planned):
        return self.write(planned)

    def read(self, ctx, current):
        try:
            there = json.loads(self.file(current).read_text())
        except FileNotFoundError:
            return None
        return {**current, **there}

    def update(self, ctx, current, planned):
        return self.write(planned)

    def delete(self, ctx, current):
        self.file(current).unlink(missing_ok=True)


class Shelf:
    folder = None

    def get_model_prefix(self):
        return "shelf_"

    def full_name(self):
        return f"{HOST}/tests/shelf"

    def get_provider_schema(self, diags):
        return Schema(attributes=[Attribute("folder", String(), required=True)])

    def validate_config(self, diags, config):
        pass

    def configure_provider(self, diags, config):
        self.folder = pathlib.Path(config["folder"])

    def ended(self, _number, _frame):
        if self.folder:
            (self.folder / "signalled").touch()
        sys.exit(1)

    def get_data_sources(self):
        return []

    def get_resources(self):
        return [Jar]

    def get_functions(self):
        return []

    def new_resource(self, kind):
        return kind(self)


if __name__ == "__main__":
    shelf = Shelf()
    signal.signal(signal.SIGTERM, shelf.ended)
    run_provider(shelf, sys.argv)
