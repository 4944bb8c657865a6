"""From a video to a reference motion: pose estimators, camera, fitting, ground and contacts, repair.

It knows the character's skeleton and nothing of simulators or policies.
"""
