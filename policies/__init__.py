"""From a task to a policy: networks, training, rollouts, checkpoints, export.

It knows an environment as a handful of tensors and never the simulator behind them.
"""
