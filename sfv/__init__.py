"""From a video of a person to a simulated character that can do what the person did.

This package is the vocabulary: clips, pose tracks, skeletons, motions, characters, reports, and the command line.
Importing it is light; torch, the simulators and the pose estimators are imported by the modules that use them. It
tells Gymnasium of the task, so that `gymnasium.make("sfv/Tracking-v0", motion="walk.bvh")` is all that it takes.
"""

import gymnasium

__version__ = "0.1.0"

if "sfv/Tracking-v0" not in gymnasium.registry:
    gymnasium.register(
        "sfv/Tracking-v0", entry_point="sfv.pipeline.gym:one", vector_entry_point="sfv.pipeline.gym:many"
    )
