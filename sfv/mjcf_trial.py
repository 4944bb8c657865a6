"""Compile an MJCF file and print how large the model is: run as a program of its own by `sfv.mjcf`.

It imports nothing of sfv, so that it starts at once and its memory is what the model takes.
"""

import json
import resource
import sys


def main() -> None:
    """Print {"error": ...} or {"sizes": ...} of the file argv[1], within argv[2] seconds and argv[3] bytes."""
    path, seconds, size, bare = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "bare"
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import mujoco

    try:
        spec = mujoco.MjSpec.from_file(path)
        if bare:  # its meshes need not be there
            found = {"nbody": len(spec.bodies), "ngeom": len(spec.geoms), "njnt": len(spec.joints)}
        else:
            model = spec.compile()
            found = {name: int(getattr(model, name)) for name in ("nbody", "ngeom", "njnt", "nu")}
            found["bytes"] = int(mujoco.mj_sizeModel(model)) + int(model.narena)
    except Exception as error:
        print(json.dumps({"error": " ".join(str(error).split()) or type(error).__name__}))  # noqa: T201
        return
    print(json.dumps({"sizes": found}))  # noqa: T201


if __name__ == "__main__":
    main()
