"""Which documents do not fit their JSON Schema, as the reference implementation for Python says: one line each.

Its argument is a file: {"schemas": {NAME: SCHEMA}, "documents": [[WHERE, NAME, DOCUMENT], …]}.
"""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    given = json.load(file)
for schema in given["schemas"].values():
    Draft202012Validator.check_schema(schema)
for where, name, document in given["documents"]:
    for error in Draft202012Validator(given["schemas"][name]).iter_errors(document):
        at = "/".join(str(part) for part in error.absolute_path)
        message = error.message.replace("\n", " ")
        print(f"{where}: {at}: {message}")
