"""The tracking task as Gymnasium environments: `sfv/Tracking-v0`, for one character and, through make_vec, for many.

`import sfv` registers them, and motion files go through `sfv.pipeline.gym`. Any Stable-Baselines3 algorithm trains on
them unchanged. Observations and actions are NumPy here; sfv's own learner uses `envs.tracking.TrackingEnv`, whose
tensors stay tensors.
"""

from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces

from envs.config import TrackingConfig
from envs.library import TICKS
from envs.tracking import TrackingEnv
from sfv.character import Character, load_character
from sfv.errors import InputError
from sfv.interfaces import Info
from sfv.motion import Motion


def observation_space(size: int) -> spaces.Box:
    """What TrackingEnv observes: numbers cut at +-LIMIT."""
    from envs.observations import LIMIT

    return spaces.Box(-LIMIT, LIMIT, (size,), np.float32)


def action_space(size: int) -> spaces.Box:
    """Offsets to the servo targets, in units of the task's action scale."""
    return spaces.Box(-1.0, 1.0, (size,), np.float32)


def _begun(env: TrackingEnv, motion: Motion, seed: Any, options: dict[str, Any] | None) -> np.ndarray:
    """Observations after a reset, with the `seed` of its draw, if it is one, and at the frames `options["start"]`."""
    unknown = set(options or {}) - {"start"}
    if unknown:
        raise InputError(f"reset knows no option {min(unknown)!r}; there is: start, a frame of the motion")
    if isinstance(seed, int):
        env.generator.manual_seed(seed)
    if options is None or "start" not in options:
        return env.reset().numpy().copy()
    frames = np.broadcast_to(np.asarray(options["start"]), env.num_envs)
    if not np.issubdtype(frames.dtype, np.integer) or frames.min() < 0 or frames.max() >= len(motion):
        raise InputError(f"start {options['start']} is no frame of the motion; give 0 to {len(motion) - 1}")
    tick = torch.as_tensor(np.round(frames / motion.fps * TICKS).astype(np.int64))
    clip = torch.zeros_like(tick)
    return env.reset_to(clip, tick.clamp_max(int(env.library.ticks[0]) - 1)).numpy().copy()


def _named(info: Info) -> dict[str, torch.Tensor]:
    """What a step says beside its reward, in Gymnasium's form: by name."""
    said = {"age": info.age, "broken": info.broken, **info.terms}
    return said if info.weight is None else said | {"weight": info.weight}


class GymTracking(gymnasium.Env[np.ndarray, np.ndarray]):
    """One character that is to follow a motion.

    Args:
        motion: of the character.
        character: the body, by name or MJCF path.
        config: the task's settings.
        render_mode: 'rgb_array' or None.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012 (Gymnasium's protocol)

    def __init__(
        self,
        motion: Motion,
        character: str = "humanoid",
        config: TrackingConfig | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.motion = motion
        self.env = TrackingEnv([motion], load_character(character), config or TrackingConfig(threads=1), 1)
        self.observation_space = observation_space(self.env.obs_size)
        self.action_space = action_space(self.env.action_size)
        self.render_mode = render_mode
        self._renderer: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start at a moment drawn by the task's start distribution; `seed` makes the draw repeatable.

        `options={"start": 12}` starts at that frame of the motion.
        """
        super().reset(seed=seed)
        return _begun(self.env, self.motion, seed, options)[0], {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One control step. The observation is that of the state reached, also when the episode ended there."""
        step = self.env.step(torch.as_tensor(np.asarray(action, np.float32))[None])
        info = {name: float(value[0]) for name, value in _named(step.info).items()}
        obs = step.final_obs[0].numpy().copy()
        return obs, float(step.reward[0]), bool(step.terminated[0]), bool(step.truncated[0]), info

    def render(self) -> np.ndarray | None:
        """(H, W, 3) uint8 picture of the character, when made with render_mode='rgb_array'."""
        if self.render_mode != "rgb_array":
            return None
        from sfv.view.person import CARDBOARD, Look
        from sfv.view.render import Renderer, scene

        if self._renderer is None:
            box = self.env.box and Character(self.env.box.parcel.name, self.env.box.parcel.xml)
            actors = [(self.env.character, Look()), *([(box, CARDBOARD)] if box else [])]
            self._renderer = Renderer(scene(actors), 480, 360)
        frame: np.ndarray = self._renderer.frame(self.env.sim.whole("qpos")[0].numpy())
        return frame

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


class GymVecTracking(gymnasium.vector.VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """num_envs characters stepped together; ended episodes restart in the same step (Gymnasium's SAME_STEP mode)."""

    metadata = {"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP}  # noqa: RUF012 (Gymnasium's protocol)

    def __init__(
        self,
        motion: Motion,
        num_envs: int = 1,
        character: str = "humanoid",
        config: TrackingConfig | None = None,
    ) -> None:
        self.motion = motion
        self.env = TrackingEnv([motion], load_character(character), config or TrackingConfig(), num_envs)
        self.num_envs = num_envs
        self.single_observation_space = observation_space(self.env.obs_size)
        self.single_action_space = action_space(self.env.action_size)
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start all episodes; an int seeds the draw of their starts.

        `options={"start": 12}` starts all at that frame of the motion, a list each at its own.
        """
        return _begun(self.env, self.motion, seed, options), {}

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """One control step in each; info['final_obs'] holds, where an episode ended, the state it ended in."""
        step = self.env.step(torch.as_tensor(np.asarray(actions, np.float32)))
        done = (step.terminated | step.truncated).numpy()
        info: dict[str, Any] = {name: value.numpy() for name, value in _named(step.info).items()}
        if done.any():
            final = np.full(self.num_envs, None, object)
            for i in np.flatnonzero(done):
                final[i] = step.final_obs[i].numpy()
            info |= {"final_obs": final, "_final_obs": done}
        reward = step.reward.numpy().astype(np.float64)
        return step.obs.numpy(), reward, step.terminated.numpy(), step.truncated.numpy(), info
