"""What a CloudFormation template asks for and gives, as JSON: `{"parameters": {name: has_default}, "outputs": [name]}`."""

import json
import sys

from cfnlint.decode import decode

template, problems = decode(sys.argv[1])
if problems:
    sys.exit(str(problems))
parameters = {name: "Default" in of for name, of in template.get("Parameters", {}).items()}
print(json.dumps({"parameters": parameters, "outputs": list(template.get("Outputs", {}))}))
