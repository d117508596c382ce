"""Check a record of what the tests sent: `python -m tests.types RECORD NPM`, from `make types`.

RECORD is the folder that pytest's `--record` wrote, NPM the folder with Slack's types and `tsc`.
"""

import argparse
import sys
from pathlib import Path

from tests.types.checking import CheckError, check
from tests.types.recording import KINDS, merged
from tests.types.wrong import WRONG


def main() -> None:
    """Print every mismatch and how much was checked; exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.types", description=__doc__)
    parser.add_argument("record", type=Path, help="the folder that pytest's --record wrote")
    parser.add_argument("npm", type=Path, help="the folder with Slack's types and tsc")
    given = parser.parse_args()
    files = sorted(given.record.glob("*.jsonl"))
    sent = merged(line for file in files for line in file.read_text().splitlines())
    if not sent:
        sys.exit(f"{given.record} holds no record: run the tests with --record {given.record}.")
    try:
        found = check([*sent, *WRONG], npm=given.npm)
    except CheckError as error:
        sys.exit(str(error))
    wrong = [one["test"] for one in WRONG]
    passed = [one for one in wrong if one not in {mismatch.test for mismatch in found}]
    mismatches = [mismatch for mismatch in found if mismatch.test not in wrong]
    for mismatch in mismatches:
        sys.stdout.write(f"{mismatch}\n")
    for one in passed:
        sys.stdout.write(f"The check itself is broken: tsc accepts {one}.\n")
    lacking = sorted(KINDS - {one["kind"] for one in sent})
    for kind in lacking:
        sys.stdout.write(f"The record has no {kind}: run every test that sends something.\n")
    payloads = sum(one["count"] for one in sent)
    sys.stdout.write(
        f"{payloads:,} payloads of {len(sent):,} shapes: {len(mismatches):,} mismatches with"
        f" Slack's types. tsc refused {len(WRONG) - len(passed)} of {len(WRONG)} payloads that are"
        " wrong on purpose.\n"
    )
    sys.exit(bool(mismatches or passed or lacking))


if __name__ == "__main__":
    main()
