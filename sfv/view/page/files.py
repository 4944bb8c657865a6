"""What of a run can be taken away from its page: links to the files beside it, and a table that the page holds itself.

It knows no run folders: files are given by what they are.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class BodyErrors:
    """How far each body was from the reference in one try.

    Attributes:
        names: of the bodies.
        times: (T,) s.
        distances: (T, B) mm.
    """

    names: tuple[str, ...]
    times: Float[np.ndarray, " T"]
    distances: Float[np.ndarray, "T B"]

    def csv(self) -> str:
        """A row for each moment: time, mean, and every body."""
        head = ",".join(("time_s", "mean_mm", *(f"{name}_mm" for name in self.names)))
        rows = np.column_stack((self.times, self.distances.mean(1), self.distances))
        return "\n".join([head, *(",".join(f"{value:.4g}" for value in row) for row in rows)]) + "\n"


@dataclass(frozen=True)
class Download:
    """A file beside the page: what it is, where it is now, and the link to it from where the page will be."""

    words: str
    path: Path
    link: str


def error_by_body(errors: BodyErrors | None) -> str:
    """A table with bars, the farthest body first."""
    if errors is None:
        return ""
    mean, most = errors.distances.mean(0), errors.distances.max(0)
    rows = []
    for index in np.argsort(-mean).tolist():
        width = 100 * mean[index] / max(float(mean.max()), 1e-9)
        rows.append(
            f"<tr><th scope='row'>{escape(errors.names[index].replace('_', ' '))}</th>"
            f"<td class='value'>{mean[index]:.0f}</td><td class='value'>{most[index]:.0f}</td>"
            f"<td class='words'><span class='bar' style='width:{width:.0f}%'></span></td></tr>"
        )
    head = "<th scope='col'>Body</th>" + "".join(
        f"<th scope='col' class='value'>{word}, mm</th>" for word in ("Mean", "Largest")
    )
    head = f"<thead><tr>{head}<td class='words'></td></tr></thead>"
    table = f"<table class='bodies'>{head}<tbody>{''.join(rows)}</tbody></table>"
    words = "<p class='soft'>Distance of each body from the reference in the first try, which the video shows.</p>"
    return f"<section><h2>Error by body</h2>{words}<div class='card'>{table}</div></section>"


def downloads(files: Sequence[Download], errors: BodyErrors | None) -> str:
    """Links to files of a run, and the page's own table."""
    items = [_item(file.words, quote(file.link), file.path.name, _size(file.path.stat().st_size)) for file in files]
    if errors is not None:
        text = errors.csv().encode()
        link = "data:text/csv;base64," + base64.b64encode(text).decode()
        items.append(_item("error of every body over time", link, "errors.csv", _size(len(text))))
    if not items:
        return ""
    words = "<p class='soft'>They lie beside this page in the folder of the run, and the links lead there.</p>"
    return f"<section><h2>Files</h2>{words}<div class='card'><ul class='files'>{''.join(items)}</ul></div></section>"


def _item(words: str, link: str, name: str, size: str) -> str:
    said = escape(name, quote=True)
    return f"<li><a href='{link}' download='{said}'>{escape(words)}</a> <span class='soft'>{said}, {size}</span></li>"


def _size(count: int) -> str:
    """Bytes as people say them."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"
