"""cfn-lint, with its own arguments; ends with its exit code."""

import sys

from cfnlint.runner import main

sys.exit(main())
