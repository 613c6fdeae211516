"""What AWS's own schemas say of types, as JSON: `{TYPE: {"identifier": […], "read": whether a stack can take one over, "properties": […]}}`.

What AWS can read it can take over; a type without that handler it refuses.
"""

import json
import sys

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER as SCHEMAS


def told(kind):
    schema = SCHEMAS.get_resource_schema("us-east-1", kind).schema
    return {
        "identifier": [path.removeprefix("/properties/") for path in schema["primaryIdentifier"]],
        "read": "read" in schema["handlers"],
        "properties": sorted(schema["properties"]),
    }


print(json.dumps({kind: told(kind) for kind in sys.argv[1:]}))
