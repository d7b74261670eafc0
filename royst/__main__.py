import sys

from royst.cli import main

sys.exit(main())
