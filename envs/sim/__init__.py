"""The simulators: one small surface over mujoco.batch and mujoco_warp."""
