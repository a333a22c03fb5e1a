# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate the tables in docs/failures.md from the messages of the modules.

python tools/failure_table.py            write them
python tools/failure_table.py --check    only report whether they differ; exit code 1 if they do
"""

import re
import sys
from pathlib import Path

from ansible_collections.telephony.livekit.plugins.module_utils._failures import ANSWERS, PLANS
from ansible_collections.telephony.livekit.plugins.module_utils._invalid import VALUES, WARNINGS
from ansible_collections.telephony.livekit.plugins.module_utils._lk import MESSAGES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "failures.md"
BEGIN = "<!-- {} by tools/failure_table.py. Changes here are overwritten. -->"
END = "<!-- End of {}. -->"


def main(arguments):
    before = PAGE.read_text(encoding="utf-8")
    text = page(before)
    if text == before:
        return 0
    print(f"{PAGE.name} {'differs' if '--check' in arguments else 'written'}")
    if "--check" in arguments:
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


def page(text):
    for name, rows in tables().items():
        begin, end = BEGIN.format(name), END.format(name)
        head, _begin, rest = text.partition(begin)
        text = "\n".join([head + begin, *rows, end]) + rest.partition(end)[2]
    return text


def tables():
    """Name -> the lines of each table."""
    return {
        "Values": table(("What happened", "Why it is invalid", "What to do"), VALUES.values()),
        "Plans": table(("Code", "What happened", "Message", "Hint"), coded(PLANS)),
        "Answers": table(("Code", "What happened", "Message", "Hint"), coded(ANSWERS)),
        "Files": table(("What happened", "Message"), MESSAGES.values()),
        "Warnings": table(("What happened", "Warning"), WARNINGS.values()),
    }


def coded(failures):
    return [(f"`{code}`", *words) for code, *words in failures.values()]


def table(head, rows):
    lines = [head, ["---"] * len(head), *([different(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def different(text):
    """The text with an ellipsis in place of each variable."""
    return re.sub(r"\{\w+\}", "…", text).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
