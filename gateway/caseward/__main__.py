import sys

from caseward.cli import main

sys.exit(main())
