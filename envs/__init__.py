"""From a reference motion to a task for a learner: simulators, observations, rewards, terminations.

It knows nothing of the learner, nor of where the motion came from.
"""
