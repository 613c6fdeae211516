"""Prints one resource of every kind of a Databricks bundle with all fields at every depth, as the published package
`databricks-bundles` has them."""

import dataclasses
import importlib
import json
import pkgutil
import typing

import databricks.bundles
from databricks.bundles.core import Resource


def value(hint, above):
    """A value of that shape; what it says does not matter. None for a type that holds itself."""
    if dataclasses.is_dataclass(hint):
        return None if hint in above else whole(hint, above)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        found = value(inner[0], above)
        return None if found is None else [found]
    if origin is dict:
        found = value(inner[1], above)
        return None if found is None else {"key": found}
    # `VariableOr[…]` and `Optional[…]`: what has fields goes before what has none.
    if any(one in above for one in inner):
        return None
    forms = [value(one, above) for one in inner if one is not type(None)]
    shaped = [form for form in forms if isinstance(form, (dict, list))]
    if shaped:
        return shaped[0]
    if bool in (hint, *inner):
        return True
    if int in (hint, *inner) or float in (hint, *inner):
        return 1
    return "x"


def whole(one, above=frozenset()):
    hints = typing.get_type_hints(one)
    fields = {field.name: value(hints[field.name], above | {one}) for field in dataclasses.fields(one)}
    return {name: found for name, found in fields.items() if found is not None}


def main() -> None:
    kinds = {}
    for module in pkgutil.iter_modules(databricks.bundles.__path__):
        if module.name in ("core", "build", "version"):
            continue
        package = importlib.import_module(f"databricks.bundles.{module.name}")
        for found in vars(package).values():
            if isinstance(found, type) and issubclass(found, Resource):
                kinds[module.name] = whole(found)
    print(json.dumps(kinds))


main()
