"""Read the moving nodes of an FBX file with ufbx and write them as arrays.

A program of its own, run by `sfv.formats.fbx`. It imports nothing of sfv. The binding of ufbx can crash over odd
files, which ends this process and no other.
"""

import json
import resource
import sys
from typing import Any


def main() -> None:
    """Write the arrays of the file argv[1] to argv[2], and print {} or {"error": ...}; the rest are limits."""
    source, target, seconds, size, most = sys.argv[1], sys.argv[2], *(int(number) for number in sys.argv[3:6])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import numpy as np
    import ufbx

    try:
        scene = ufbx.load_file(source, ignore_geometry=True, ignore_embedded=True, load_external_files=False)
        anim, settings = scene.anim, scene.settings
        every = list(scene.nodes)  # kept, for the binding forgets nodes that nobody holds
        nodes = [node for node in every if node.parent is not None]  # without ufbx's own root
        names = [node.name for node in nodes]
        numbers = {node.element_id: i for i, node in enumerate(nodes)}
        parents = [numbers.get(node.parent.element_id, -1) for node in nodes]
        fps = float(settings.frames_per_second)
        begin, end = float(anim.time_begin), float(anim.time_end)
        count = int(np.floor((end - begin) * fps + 1e-6)) + 1
        if count * len(nodes) > most or not 0.5 <= fps <= 10_000:
            raise ValueError(f"it has {count} frames of {len(nodes)} nodes at {fps:g} fps")
        local = np.zeros((count + 1, len(nodes), 10))
        for i, node in enumerate(nodes):
            for t in range(count):
                local[t, i] = _numbers(node.evaluate_transform(anim, begin + t / fps))
            local[count, i] = _numbers(node.local_transform)  # where it stands when nothing moves it
        np.savez(
            target,
            names=np.array(names, str),
            parents=np.array(parents, int),
            bones=np.array([node.bone is not None for node in nodes]),
            local=local,
            fps=fps,
            unit=float(settings.unit_meters),
            up=np.array(_letter(settings)),
        )
    except Exception as error:
        print(json.dumps({"error": " ".join(str(error).split()) or type(error).__name__}))  # noqa: T201
        return
    print("{}")  # noqa: T201


def _numbers(transform: Any) -> tuple[float, ...]:
    """Translation, quaternion wxyz, scale."""
    t, r, s = transform.translation, transform.rotation, transform.scale
    return t.x, t.y, t.z, r.w, r.x, r.y, r.z, s.x, s.y, s.z


def _letter(settings: Any) -> str:
    """'y', 'z', '-y' or whatever points up in the file."""
    name = getattr(settings.axes.up, "name", str(settings.axes.up)).lower()
    sign = "-" if "negative" in name else ""
    return sign + next((letter for letter in "xyz" if name.endswith(letter)), "?")


if __name__ == "__main__":
    main()
