"""`sfv doctor`: this machine -> what it has of what sfv uses, and what to type for the rest."""

from dataclasses import asdict, dataclass

from sfv.cli.say import answering


@dataclass(frozen=True)
class Program:
    """Say what this machine has of what sfv uses, and what to type for what it lacks.

    Nothing is installed or fetched. The exit code is 0 if sfv run has all it needs here, else 1.
    """

    json: bool = False
    """Print the findings as JSON, and nothing else, to standard output."""


def main(program: Program) -> None:
    """Look, and print each finding as it comes."""
    from sfv.pipeline.machine import examined

    found = []
    with answering(program.json) as answer:
        for finding in examined():
            found.append(finding)
            sign = "ok" if finding.there else "MISSING" if finding.needed else "-"
            print(f"{sign:<8}{finding.name:<19}{finding.found}", flush=True)
            if finding.advice:
                print(f"{'':<27}{finding.advice}", flush=True)
        missing = [finding.name for finding in found if finding.needed and not finding.there]
        print(f"sfv run needs here: {', '.join(missing)}" if missing else "sfv run has all it needs here")
        answer([asdict(finding) for finding in found])
    if missing:
        raise SystemExit(1)
