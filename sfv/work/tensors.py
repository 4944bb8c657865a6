"""Tensors and a record beside them, in one safetensors file that is replaced whole; reading one executes nothing."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from sfv.errors import InputError, blamed
from sfv.work.contents import require_file
from sfv.work.files import replacing


def save_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write tensors and a JSON record beside them, atomically."""
    # cloned: names of a policy may share memory, which the format does not allow
    whole = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    content = save(whole, metadata={"about": json.dumps(dict(about))})
    with replacing(path) as temporary:
        temporary.write_bytes(content)  # by Python, whose errors of a full disk `replacing` knows


def load_tensors(path: Path, advice: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote; `advice` is for the errors.

    Raises:
        InputError: no such file, or not one of ours.
    """
    if not path.exists():
        raise InputError(f"there is no file {path}; {advice}")
    require_file(path)
    with blamed(f"{path} is no safetensors file of sfv", advice), safe_open(path, framework="pt") as file:
        about = json.loads((file.metadata() or {})["about"])
        return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118 (no iterator)
