"""Measure how well look-ups are answered, and print the table of docs/benchmarks.md.

    python -m benchmarks.quality CORPUS LOOKUPS

CORPUS is a folder of documents. LOOKUPS has one JSON object per line with `query`, `class`, and the
right answer. That is either `has` (patterns that the story must all match; an empty list if nothing
should be found) or `relevant` and `either` (positions that are right, and positions that are not
counted). The answers are those of `python -m bot find --jsonl`.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).parents[1]
SHOWN = 3
WITHOUT_ANSWER = ("everyday", "nearmiss", "noanswer")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The judged answer to one look-up."""

    kind: str
    query: str
    outcome: str
    right: tuple[bool, ...]
    """For each story of the answer, whether it is right."""

    @property
    def is_first(self) -> bool:
        return self.outcome == "found" and self.right[:1] == (True,)

    @property
    def is_shown(self) -> bool:
        return any(self.right[:SHOWN])


def outcomes(corpus: Path, lookups: Path) -> list[Outcome]:
    """Run all look-ups of *lookups* over *corpus* in one run of the program."""
    asked = [json.loads(line) for line in lookups.read_text("utf-8").splitlines()]
    run = subprocess.run(
        [sys.executable, "-m", "bot", "find", "--jsonl", "--corpus", str(corpus.resolve())],
        input="".join(one["query"] + "\n" for one in asked),
        capture_output=True,
        check=True,
        cwd=ROOT,
        text=True,
    )
    stories = _stories(corpus)
    return [
        Outcome(
            kind=one["class"],
            query=one["query"],
            outcome=answer["outcome"],
            right=tuple(_judge(one, answer["matches"], stories)),
        )
        for one, answer in zip(asked, map(json.loads, run.stdout.splitlines()), strict=True)
    ]


def _judge(
    asked: Mapping[str, Any],
    matches: Sequence[Mapping[str, Any]],
    stories: Mapping[tuple[PurePosixPath, int], str],
) -> Iterable[bool]:
    for match in matches:
        position = match["position"]
        if position in asked.get("either", ()):
            continue
        if "has" in asked:
            story = stories[PurePosixPath(match["document"]), position]
            patterns = asked["has"]
            yield bool(patterns) and all(re.search(each, story, re.IGNORECASE) for each in patterns)
        else:
            yield position in asked["relevant"]


def _stories(corpus: Path) -> dict[tuple[PurePosixPath, int], str]:
    stories = {}
    for path in corpus.rglob("*.txt"):
        headline, *body = filter(None, map(str.strip, path.read_text("utf-8-sig").splitlines()))
        document = PurePosixPath(path.relative_to(corpus).as_posix())
        for at in range(0, len(body), 3):
            stories[document, at // 3 + 1] = " ".join((headline, *body[at : at + 3]))
    return stories


def table(judged: Sequence[Outcome]) -> str:
    """Format the table; leave out rows without look-ups."""
    by_kind: dict[str, list[Outcome]] = defaultdict(list)
    for one in judged:
        by_kind[one.kind].append(one)
    right = [kind for kind in by_kind if kind not in WITHOUT_ANSWER]
    plain = [kind for kind in right if kind not in ("paraphrase", "question")]
    first, shown = "found, first place", "found or unsure, among the first three"
    rows = [
        (f"{first}: names, spellings, prefixes, joined, order", "is_first",
         ("name", "spelling", "prefix", "joined", "order")),
        (f"{first}: one and two typos", "is_first", ("one_typo", "two_typo", "all_typo")),
        (f"{first}: acronyms", "is_first", ("acronym",)),
        (f"{first}: several ideas", "is_first", ("ideas", "clean")),
        (f"{first}: all", "is_first", tuple(right)),
        (f"{shown}: all but paraphrases and questions", "is_shown", tuple(plain)),
        (f"{shown}: whole questions", "is_shown", ("question",)),
        (f"{shown}: paraphrases", "is_shown", ("paraphrase",)),
        ("found although nothing should be", "found", WITHOUT_ANSWER),
        ("unsure for everyday words", "unsure", ("everyday",)),
        ("unsure for near misses", "unsure", ("nearmiss",)),
    ]  # fmt: skip
    lines = ["| look-ups | share | of |", "| --- | --- | --- |"]
    for label, measure, kinds in rows:
        of = [one for kind in kinds for one in by_kind[kind]]
        if of:
            held = sum(_holds(one, measure) for one in of)
            lines.append(f"| {label} | {held / len(of):.3f} | {len(of)} |")
    return "\n".join(lines)


def _holds(one: Outcome, measure: str) -> bool:
    return bool(getattr(one, measure)) if measure.startswith("is_") else one.outcome == measure


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help="a folder of documents")
    parser.add_argument("lookups", type=Path, help="labelled look-ups, one JSON object per line")
    parser.add_argument(
        "--misses", action="store_true", help="list every look-up with a wrong answer"
    )
    asked = parser.parse_args()
    judged = outcomes(asked.corpus, asked.lookups)
    lines = [table(judged)]
    for one in judged if asked.misses else ():
        is_right = one.outcome == "none" if one.kind in WITHOUT_ANSWER else one.is_first
        if not is_right:
            place = one.right.index(True) + 1 if True in one.right else "-"
            lines.append(f"{one.kind:10} {one.outcome:6} {place!s:>2}  {one.query}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    _main()
