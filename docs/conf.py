"""How `make docs` makes these pages and the docstrings of the packages into a site.

Pages are read as they are read in the repository too, so what only the site knows stands here: where links lead that
leave this folder, and how docstrings, which are plain English with Google's sections, become reStructuredText.
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.addnodes import pending_xref

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
autodoc_use_type_comments = False  # there are none, and looking for them takes a tenth of the time
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False  # shapes such as "*n 3" are no emphasis
napoleon_use_rtype = False
default_role = "code"

ELSEWHERE = {"../CHANGELOG.md": "changes.md", "../SECURITY.md": "security.md", "README.md": "index.md"}
"""Links of pages -> where they lead in the site."""
MARKS = re.compile(r"(?<!\\)([*|]|(?<=\w)_(?!\w))")
"""What reStructuredText takes for emphasis, a substitution or a link, and plain English does not mean."""
LISTS: dict[int, Callable[..., str]] = {}
"""Depth of a page of source -> what makes the list of pages that it shows."""


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


def named(app: Any, doctree: Any) -> None:
    """Look types up by their whole names, which signatures have; else each is compared with the ends of all names."""
    for node in doctree.findall(pending_xref):
        if node.get("refspecific") is False:
            del node["refspecific"]


def shared(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Pages of source of one depth share the list of pages: it has none of them, so it is the same on all."""
    if page.startswith("_modules/") and "toctree" in context:
        context["toctree"] = LISTS.setdefault(page.count("/"), cache(context["toctree"]))


def setup(app: Any) -> None:
    """Connect them."""
    app.connect("source-read", relinked)
    app.connect("autodoc-process-docstring", plain, priority=400)  # before napoleon
    app.connect("doctree-read", named)
    app.connect("html-page-context", shared, priority=400)  # before the theme
