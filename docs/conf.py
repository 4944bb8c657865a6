"""How `make docs` makes these pages and the docstrings of the packages into a site.

Pages are read as they are read in the repository too, so what only the site knows stands here: where links lead that
leave this folder, and how docstrings, which are plain English with Google's sections, become reStructuredText.
"""

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import sfv

project, author = "sfv", "The sfv maintainers"
release = version = sfv.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.apidoc", "sphinx.ext.viewcode"]
root_doc = "index"
exclude_patterns = ["README.md", "reference/*/modules.rst"]  # the former heads the index, the latter say nothing

html_theme = "furo"
html_title = "sfv"
html_show_sphinx = False
html_theme_options = {"source_directory": "docs/", "light_css_variables": {"color-brand-primary": "#1f5fcf"}}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # pages may begin with a heading of the second level

PACKAGES = ("sfv", "recon", "envs", "policies", "configs")
apidoc_modules = [
    {"path": f"../{name}", "destination": f"reference/{name}", "module_first": True,
     "automodule_options": {"members", "undoc-members", "show-inheritance"}}
    for name in PACKAGES
]  # fmt: skip
# every page copies the titles of all: with functions among them that took two thirds of the time
toc_object_entries = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False  # shapes such as "*n 3" are no emphasis
napoleon_use_rtype = False
default_role = "code"

ELSEWHERE = {"../CHANGELOG.md": "changes.md", "../SECURITY.md": "security.md", "README.md": "index.md"}
"""Links of pages -> where they lead in the site."""
MARKS = re.compile(r"(?<!\\)([*|]|(?<=\w)_(?!\w))")
"""What reStructuredText takes for emphasis, a substitution or a link, and plain English does not mean."""


def relinked(app: Any, name: str, content: list[str]) -> None:
    """Let the list of pages head the index, and point links that leave the folder at the site's own pages."""
    if name == app.config.root_doc:
        content[0] = Path(app.srcdir, "README.md").read_text(encoding="utf-8") + content[0]
    for link, page in ELSEWHERE.items():
        content[0] = content[0].replace(f"]({link})", f"]({page})")


def plain(app: Any, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Keep signs of docstrings from being read as markup, but for what stands between backticks.

    Of what is no function napoleon reads the words before a colon in the first line as a type, so a dash stands there.
    """
    if what in ("data", "attribute", "property") and lines:
        lines[0] = re.sub(r"(?<!:): ", " - ", lines[0])
    for number, line in enumerate(lines):
        pieces = line.split("`")
        pieces[::2] = [MARKS.sub(r"\\\1", piece) for piece in pieces[::2]]
        lines[number] = "`".join(pieces)


def setup(app: Any) -> None:
    """Connect both."""
    app.connect("source-read", relinked)
    app.connect("autodoc-process-docstring", plain, priority=400)  # before napoleon
