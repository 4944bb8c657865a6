import shutil
import subprocess

import pytest

from sfv.cli.completion import script
from sfv.cli.main import VERBS


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["rob"], {"robustness"}),
        (["run", "--rollo"], {"--rollouts"}),
        (["convert", "--out-"], {"--out-format"}),
        (["doctor", "--"], {"--json", "--help", "--help-all", "--quiet"}),
        (["run", "clip"], set()),  # files are the shell's own business
    ],
)
def test_bash_completes(typed: list[str], offered: set[str]) -> None:
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    words = " ".join(f"'{word}'" for word in ("sfv", *typed))
    asked = f'{script(list(VERBS))}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed)}; _sfv; echo "${{COMPREPLY[@]}}"'
    told = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert told.stderr == ""
    assert set(told.stdout.split()) == offered
