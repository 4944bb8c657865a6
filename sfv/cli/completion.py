"""`sfv --completion`: what makes bash, or zsh, complete verbs, options and files.

It is written once, by asking every verb for its options, so that a shell waits for no Python at each Tab.
"""

import importlib

from sfv.cli.help import ALL
from sfv.cli.parse import unfinished
from sfv.limits import settings_of

_SCRIPT = """\
# for bash; for zsh after: autoload -U +X bashcompinit compinit && compinit && bashcompinit
_sfv() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} words=
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="{verbs} --help --version"
    elif [[ $word == -* ]]; then
        case ${{COMP_WORDS[1]}} in
{cases}
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _sfv sfv
"""


def script(verbs: list[str]) -> str:
    """The shell's function, for the verbs given."""
    cases = []
    for verb in verbs:
        program = importlib.import_module(f"sfv.cli.{verb}").Program
        flags = sorted({setting.flag for setting in settings_of(unfinished(program)) if setting.flag.startswith("--")})
        cases.append(f'        {verb}) words="{" ".join([*flags, "--help", ALL, "--quiet"])}" ;;')
    return _SCRIPT.format(verbs=" ".join(verbs), cases="\n".join(cases))
