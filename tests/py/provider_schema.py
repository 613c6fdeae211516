"""The Databricks provider's resources as published bindings carry them: names, and which fields are blocks.

    provider_schema.py BINDINGS write FILE    writes the table that hodman's HCL writer reads
    provider_schema.py BINDINGS check FILE    says whether FILE is that table

BINDINGS is the npm package @cdktf/provider-databricks, unpacked (MPL-2.0, generated from the provider's own schema). The table
holds field names only, each with a letter: s text, n number, b boolean, l list, m mapping; `[x` blocks of type x, `{x` one
mapping of type x, `(x` a list of mappings of type x.
"""

import json
import pathlib
import re
import sys

RESOURCES = """
alert alert-v2 app catalog cluster cluster-policy connection dashboard directory external-location git-credential
global-init-script grants group group-member group-role instance-pool ip-access-list job mlflow-experiment mlflow-model model-serving notebook
permissions pipeline query registered-model repo schema secret secret-acl secret-scope service-principal service-principal-role sql-endpoint
storage-credential vector-search-endpoint vector-search-index volume workspace-conf workspace-file
""".split()

ATTRIBUTES = re.compile(r"^( +)const attrs = \{(.*?)^\1\};\n|^ +const attrs = \{\};\n", re.S | re.M)
FUNCTION = re.compile(r"^function (\w+)ToHclTerraform\(struct\)", re.M)
FIELD = re.compile(
    r"^ {8,12}(\w+): \{\n\s+value: (.*?),\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\"", re.M | re.S
)
SIMPLE = {"string": "s", "number": "n", "boolean": "b", "any": "s"}


def fields(text: str) -> dict:
    found = {}
    for name, value, block, kind, storage in FIELD.findall(text):
        nested = re.search(r"(\w+?)ToHclTerraform", value.replace("cdktf.", "cdktf_"))
        nested = nested.group(1) if nested and not nested.group(1).startswith("cdktf_") else None
        # The bindings call everything nested a block; what is none is one mapping, or mapped with `false`.
        if nested and (kind == "struct" or block == "false") and name != "timeouts":
            found[name] = ("{", nested)
        elif nested and ", false)" in value:
            found[name] = ("(", nested)
        elif nested:
            found[name] = ("[", nested)
        elif kind == "simple":
            found[name] = (SIMPLE[storage], None)
        else:
            found[name] = ("m" if kind == "map" else "l", None)
    return found


def read(bindings: pathlib.Path) -> dict:
    resources, types, known = {}, {}, {}

    def add(structs: dict, name: str) -> str:
        """The number of a type; equal ones, of which there are many, share it."""
        body = {field: mark + (add(structs, nested) if nested else "") for field, (mark, nested) in sorted(structs[name].items())}
        key = json.dumps(body)
        if key not in known:
            known[key] = str(len(known))
            types[known[key]] = body
        return known[key]

    for folder in RESOURCES:
        place = bindings / "lib" / folder
        structs, own = {}, None
        for file in sorted(place.rglob("*.js")):
            text = file.read_text()
            for match in FUNCTION.finditer(text):
                body = ATTRIBUTES.search(text, match.end())
                structs[match.group(1)] = fields(body.group(2) or "")
            if "synthesizeHclAttributes() {" in text:
                own = re.search(r'tfResourceType = "(\w+)"', text).group(1)
                body = ATTRIBUTES.search(text, text.index("synthesizeHclAttributes() {"))
                structs[""] = fields(body.group(2) or "")
        resources[own] = add(structs, "")
    version = json.loads((bindings / "package.json").read_text())["version"]
    return {"source": f"@cdktf/provider-databricks {version}", "resources": resources, "types": types}


def text(table: dict) -> str:
    lines = [f'{{"source":{json.dumps(table["source"])},"resources":{{']
    lines.append(",\n".join(f'{json.dumps(name)}:{json.dumps(table["resources"][name])}' for name in sorted(table["resources"])))
    lines.append('},"types":{')
    lines.append(",\n".join(f"{json.dumps(name)}:{json.dumps(body, separators=(',', ':'))}" for name, body in table["types"].items()))
    lines.append("}}")
    return "\n".join(lines) + "\n"


def main() -> None:
    bindings, what, file = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    wanted = text(read(bindings))
    if what == "write":
        file.write_text(wanted)
    elif file.read_text() != wanted:
        sys.exit(f"{file} is not what {bindings} says: write it anew")


if __name__ == "__main__":
    main()
