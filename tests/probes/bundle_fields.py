"""Prints the fields of every resource kind of a Databricks bundle, as the published package `databricks-bundles` has them."""

import dataclasses
import importlib
import json
import pkgutil

import databricks.bundles
from databricks.bundles.core import Resource


def main() -> None:
    kinds = {}
    for module in pkgutil.iter_modules(databricks.bundles.__path__):
        if module.name in ("core", "build", "version"):
            continue
        package = importlib.import_module(f"databricks.bundles.{module.name}")
        classes = [
            value
            for value in vars(package).values()
            if isinstance(value, type) and issubclass(value, Resource)
        ]
        # The resource itself is the one that no other class of the package needs: there is exactly one.
        assert len(classes) == 1, (module.name, classes)
        kinds[module.name] = sorted(field.name for field in dataclasses.fields(classes[0]))
    print(json.dumps(kinds))


main()
