"""From a video of a person to a simulated character that can do what the person did.

This package is the vocabulary: clips, pose tracks, skeletons, motions, characters, reports, and the command line.
Importing it is light; torch, the simulators and the pose estimators are imported by the modules that use them.
"""

__version__ = "0.1.0"
