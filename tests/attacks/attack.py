"""Run attacks on a folder of published files: ``python attack.py FOLDER [ATTACK …]``. See ``attackers.evidence`` for the folder.

Prints what could be worked out, one JSON object a line. Imports nothing of the program that protected the files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from attackers import ATTACKS
from attackers.evidence import read


def main(folder: Path, names: list[str]) -> None:
    evidence = read(folder)
    for name in names or ATTACKS:
        for told in ATTACKS[name](evidence):
            print(json.dumps({"attack": name, **told._asdict()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
