"""What people read: sentences end, links lead somewhere, and verbs and options that are named exist."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docstring_parser import parse_from_object

from sfv.cli.main import VERBS
from sfv.cli.parse import unfinished
from sfv.limits import settings_of

LONGEST = 30
"""Words of a sentence. The log of experiments is older than this limit, and left as it is."""


PACKAGES = "sfv", "recon", "envs", "policies", "configs"
SAYING = {"InputError", "warning", "error", "info", "print"}
"""What is called with words for a person."""


def pages(root: Path) -> list[Path]:
    found = [*root.glob("*.md"), *(root / "docs").glob("*.md")]
    return sorted(path for path in found if path.name != "log.md")


def prose(text: str) -> Iterator[str]:
    """Paragraphs, items of lists and cells of tables, each on one line, without code."""
    text = re.sub(r"```.*?```", "\n\n", text, flags=re.DOTALL)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*|#]|\d+\.) )|(?<=\|)\n", text):
        if block.startswith(("#", "    ", "![")):
            continue
        cells = block.strip().strip("|").split("|") if block.lstrip().startswith("|") else [block]
        for cell in cells:
            named = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"`[^`]*`", "code", cell))
            yield " ".join(named.split())


def sentences(text: str) -> list[str]:
    return [sentence for block in prose(text) for sentence in split(block)]


def split(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])[*_)]*\s+", text)


def words(sentence: str) -> int:
    return len(re.findall(r"\w[\w'.,%/-]*", sentence))


def test_sentences_are_told_apart() -> None:
    text = "One two `three four`. [Five](six.md) seven!\n\n| a b | c |\n| --- | --- |\n- Eight\n  nine.\n```\nno\n```\n"
    assert [words(sentence) for sentence in sentences(text) if words(sentence)] == [3, 2, 2, 1, 2]


def test_no_sentence_is_long(root: Path) -> None:
    long = [f"{path.name}: {s}" for path in pages(root) for s in sentences(path.read_text()) if words(s) > LONGEST]
    assert long == []


def said(root: Path) -> Iterator[tuple[str, str]]:
    """Where and what: errors, warnings and lines of the command line, with X for what is put in."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
                if isinstance(node, ast.Call) and node.args and name in SAYING:
                    yield f"{path.relative_to(root)}:{node.lineno}", literal(node.args[0])


def literal(node: ast.expr) -> str:
    """The text of an expression, X where it is not one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    if isinstance(node, ast.BinOp):
        return literal(node.left) + literal(node.right)
    if isinstance(node, ast.IfExp):
        return max(literal(node.body), literal(node.orelse), key=len)
    return "X"


def test_no_message_is_long(root: Path) -> None:
    found = list(said(root))
    assert len(found) > 200
    assert [(w, s) for w, text in found for s in split(text) if words(s) > LONGEST] == []


def test_no_help_is_long() -> None:
    programs = [importlib.import_module(f"sfv.cli.{verb}").Program for verb in VERBS]
    records = {s.record for program in programs for s in settings_of(unfinished(program))} | set(programs)
    about = [(record.__name__, parse_from_object(record)) for record in records]
    texts = [(name, text or "") for name, d in about for text in (d.description, *(p.description for p in d.params))]
    assert len(texts) > 150
    assert [(name, s) for name, text in texts for s in split(text) if words(s) > LONGEST] == []


def test_links_lead_somewhere(root: Path) -> None:
    dead = []
    for path in pages(root):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text()):
            if "://" not in target and not (path.parent / target).exists():
                dead.append(f"{path.name}: {target}")
    assert dead == []


# ---- verbs and options


def options(program: Any) -> set[str]:
    """The flags of a program, as they are typed."""
    flags = {setting.flag for setting in settings_of(unfinished(program)) if setting.flag.startswith("--")}
    return flags | {f"--no-{flag[2:]}" for flag in flags}


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """Verb -> its options."""
    general = {"--help", "--help-all", "--version", "--quiet"}
    programs = {verb: importlib.import_module(f"sfv.cli.{verb}").Program for verb in VERBS}
    return {verb: options(program) | general for verb, program in programs.items()}


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Verb and the rest of its line, of each command `sfv VERB ...` in code."""
    code = re.findall(r"```.*?```|`[^`]*`", text, flags=re.DOTALL)
    for line in "\n".join(code).splitlines():
        for match in re.finditer(r"(?:^\s*|`|bin/)sfv ([a-z][a-z-]*)\b([^`#|;&]*)", line):
            yield match[1], match[2]


def test_commands_in_pages_exist(root: Path, known: dict[str, set[str]]) -> None:
    wrong = []
    for path in pages(root):
        for verb, rest in commands(path.read_text()):
            if verb not in known:
                wrong.append(f"{path.name}: sfv {verb}")
                continue
            given = re.findall(r"(?<!\S)--[a-z][\w.-]*", rest)
            wrong += [f"{path.name}: sfv {verb} {option}" for option in given if option not in known[verb]]
    assert wrong == []


def test_every_verb_is_in_the_readme(root: Path) -> None:
    text = (root / "README.md").read_text()
    assert [verb for verb in VERBS if f"sfv {verb}" not in text] == []
