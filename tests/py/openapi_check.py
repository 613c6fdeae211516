"""Checks recorded HTTP answers against an OpenAPI 3.0 description.

    openapi_check.py DESCRIPTION.json EXCHANGES.json

EXCHANGES is a list of {"method", "path", "status", "body"}; the path has no query. Prints what was checked and every
contradiction; ends with 1 when there is one, or when an exchange has no description.
"""

import collections
import json
import re
import sys

import jsonschema
import referencing
import referencing.jsonschema

DRAFT = referencing.jsonschema.DRAFT4
BASE = "urn:description"


OPEN = ("/contents/{path}", "/git/ref/{ref}", "/git/refs/{ref}", "/git/matching-refs/{ref}")


def pattern(path):
    head, last = path.rsplit("/", 1)
    last = ".+" if path.endswith(OPEN) else re.sub(r"\{[^}]+\}", "[^/]+", last)
    return re.sub(r"\{[^}]+\}", "[^/]+", head) + "/" + last + "$"


def modern(schema):
    """OpenAPI 3.0's `nullable` in the words of JSON Schema; the rest is alike enough for answers."""
    if isinstance(schema, list):
        return [modern(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: modern(value) for key, value in schema.items() if key not in ("example", "examples")}
    if changed.get("nullable") is True:
        changed.pop("nullable")
        if "enum" in changed and None not in changed["enum"]:
            changed["enum"] = changed["enum"] + [None]
        return {"anyOf": [changed, {"type": "null"}]}
    return changed


class Description:
    def __init__(self, document):
        document["components"] = modern(document["components"])
        self.document = document
        resource = referencing.Resource(contents=document, specification=DRAFT)
        self.registry = referencing.Registry().with_resource(BASE, resource)
        # Fixed segments before parameters: /pulls/comments is not pull request number "comments". A file's path and the
        # name of a ref hold slashes; those come last.
        self.paths = sorted(document["paths"], key=lambda path: (path.endswith(OPEN), path.count("{"), path))
        self.patterns = {path: re.compile(pattern(path)) for path in self.paths}

    def operation(self, method, path):
        for template in self.paths:
            if self.patterns[template].match(path) and method.lower() in self.document["paths"][template]:
                return template, self.document["paths"][template][method.lower()]
        return None, None

    def answer(self, operation, status):
        answer = operation["responses"].get(str(status))
        if answer and "$ref" in answer:
            answer = self.registry.resolver(BASE).lookup(answer["$ref"]).contents
        return answer

    def contradictions(self, answer, body):
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return []
        schema = absolute(modern(schema))
        validator = jsonschema.Draft4Validator(schema, registry=self.registry)
        return [worst(error) for error in validator.iter_errors(body)]


def absolute(schema):
    if isinstance(schema, list):
        return [absolute(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: BASE + value if key == "$ref" else absolute(value) for key, value in schema.items()}


def worst(error):
    """The place and the words of the error that says most; a choice of schemas fails in all of them."""
    error = jsonschema.exceptions.best_match([error])
    return f"{error.json_path}: {error.message[:300]}"


def main(description, exchanges):
    with open(description) as file:
        description = Description(json.load(file))
    with open(exchanges) as file:
        exchanges = json.load(file)
    wrong, checked = [], collections.Counter()
    for exchange in exchanges:
        name = f"{exchange['method']} {exchange['path']} {exchange['status']}"
        template, operation = description.operation(exchange["method"], exchange["path"])
        answer = operation and description.answer(operation, exchange["status"])
        if not answer:
            wrong.append(f"{name}: {'this status' if operation else 'this path'} is not described")
            continue
        checked[f"{exchange['method']} {template} {exchange['status']}"] += 1
        wrong += [f"{name}: {problem}" for problem in description.contradictions(answer, exchange["body"])]
    for name in sorted(checked):
        print(name)
    print(f"checked {len(checked)}")
    for problem in wrong:
        print(f"WRONG {problem}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
