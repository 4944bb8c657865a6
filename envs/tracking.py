"""The tracking task: a batch of characters, each of which is to do what the reference does.

`TrackingEnv.step` is the definition of the task. Its parts (rewards, observations, terminations, starts) are tables and
functions in the files beside this one; the simulator is asked for MuJoCo's fields by MuJoCo's names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import pad

from envs import observations, rewards, terminations
from envs.adaptive import STARTS, displaced
from envs.box import Box
from envs.breakage import Breakage
from envs.config import TrackingConfig
from envs.driving import described, driving
from envs.events import EVENTS, Events, parse_events
from envs.foresight import Foresight
from envs.ground import ALONG, Climb, Ground, own_ground, training_tiles
from envs.library import TICKS, MotionLibrary, Reference
from envs.mirror import Reflections, reflections
from envs.moment import Moment, joints_of
from envs.recovery import RECOVERY, Recovery
from envs.sim.cpu import CpuSim
from envs.sim.scene import THROWN, build_scene
from envs.sim.simulator import make_sim, simulator_device
from envs.sim.strips import Strips
from envs.straight import laid
from envs.touch import Touch
from sfv.character import Character
from sfv.errors import InputError
from sfv.interfaces import Info, Step
from sfv.motion import Motion
from sfv.servos import servo_lag
from sfv.surface import sitting_points
from sfv.terrain.parcel import Parcel
from sfv.terrain.relief import Relief
from sfv.terrain.world import Tile


class TrackingEnv:
    """num_envs characters that track the clips of a library. A `sfv.interfaces.VecEnv`.

    Where the config names kinds of terrain, each environment has a place on a tile of it: by the curriculum, or, where
    `tiles` are given, the first environment on the first tile, and so on, each with room for `seconds` of its clip.
    Where it names an object, each has a box to push. With `thrown` there is one to throw at the characters, of which
    the task knows nothing.
    """

    def __init__(
        self,
        motions: Sequence[Motion],
        character: Character,
        config: TrackingConfig,
        num_envs: int,
        seed: int = 0,
        tiles: Sequence[Tile] = (),
        seconds: float | None = None,
        thrown: bool = False,
    ) -> None:
        physics_hz = config.control_hz * config.decimation
        config.check()
        character.check_servos()
        self.config, self.character, self.num_envs = config, character, num_envs
        climbing, kinds = not tiles, len(config.terrain)
        seconds = seconds or config.episode_seconds + ALONG * climbing
        tiles = tiles or training_tiles(config)
        own = own_ground(motions, bool(tiles))
        if tiles:
            motions = [laid(motion, character.model) for motion in motions]
        self.library = MotionLibrary(motions, character, simulator_device(config))
        self.ground = Ground(tiles, self.library, character, num_envs, seconds) if tiles else None
        self.terrain = self.ground.world.terrain if self.ground else own
        self._relief = None if self.ground or own.flat else Relief(own, str(self.library.table.device))
        self._sits = torch.tensor(sitting_points(character.model), device=self.library.table.device)
        if config.wanders and not self.terrain.flat:
            raise InputError(f"{config.wanders} is for level ground; leave it out, or take the motion without --scene")
        self.recovery = Recovery.of(config, num_envs, simulator_device(config)) if config.wanders else None
        self.climb = None
        if self.ground and climbing:
            self.climb = Climb(self.ground, kinds, int(config.episode_seconds * config.control_hz))
        self.box = Box(config.object, self.library, character, self.terrain) if config.object else None
        ranges = parse_events(config.randomise)
        parcels = ([self.box.parcel] if self.box else []) + ([THROWN] if thrown or "box" in ranges else [])
        self.model = build_scene(character, physics_hz, self.terrain)  # all but boxes, which stand behind it
        self._simulate(physics_hz, parcels, any(EVENTS[name].of_model for name in ranges))
        self.device, self.starts = self.sim.device, STARTS[config.start](self.library, num_envs)
        self.table = rewards.TABLES[config.reward] + (rewards.PUSHING if self.box else ())
        self.joints = joints_of(character, self.model, self.device)
        self.control_ticks, self.physics_ticks = int(TICKS / config.control_hz), TICKS / physics_hz
        self.lead_ticks = self.control_ticks + round(servo_lag(self.model) * TICKS)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self.everyone = torch.arange(num_envs, device=self.device)
        self.clip, self.tick, self.age = (torch.zeros_like(self.everyone) for _ in range(3))
        self.breakage = Breakage()
        self._rest = torch.as_tensor(self.model.qpos0, dtype=torch.float32, device=self.device)[None]
        self.action_size = self.model.nu
        self.events = Events(ranges, self.sim, character, num_envs, config) if ranges else None
        self.foresight = Foresight(config, character, self.ground, self.device)
        speeds = pad(observations.speeds(self.model, self.device), (0, self.foresight.size))
        self._speeds = pad(pad(speeds, (0, 6)), (0, 6), value=True) if self.box else speeds
        self.touch = self.touching() if config.falls else None
        self.obs_size = self.reset().shape[1]

    def reset(self) -> Float[Tensor, "n o"]:
        """Start all episodes anew, at moments drawn by the start distribution."""
        ids = self.everyone
        self._start(ids, *self._drawn(self.num_envs))
        return self._observe(ids)

    def reset_to(self, clip: Tensor, tick: Tensor) -> Float[Tensor, "n o"]:
        """Start all episodes at given moments, (num_envs,) each."""
        ids = self.everyone
        self._start(ids, clip, tick)
        return self._observe(ids)

    def step(self, action: Float[Tensor, "n a"]) -> Step:
        """One control step: drive, simulate, judge, observe, restart what ended."""
        self.advance(action)
        moment = self.moment()
        reward, terms = rewards.total(self.table, moment)
        broken = terminations.not_finite(moment)
        lost = terminations.box_away(moment, self.config.max_deviation)
        away = self.failed(terminations.any_body_away(moment, self.config.max_deviation), moment)
        terminated = broken | away | lost
        ended = ~self.library.loop[self.clip] & (self.tick >= self.library.last[self.clip])
        truncated = ~terminated & (ended | (self.age >= self.config.episode_seconds * self.config.control_hz))
        reward = torch.where(broken, 0.0, reward)
        weight = None if self.starts.weight is None else self.starts.weight.clone()
        info = Info(self.age.clone(), broken, weight, terms)

        self.count_broken(broken)
        final_obs = self._observed(moment.qpos, moment.qvel, self.everyone)
        obs = final_obs
        self.starts.earned(reward, terminated, truncated)
        done = (terminated | truncated).nonzero()[:, 0]
        if len(done):
            self.starts.failed(self.clip[terminated], self.tick[terminated])
            if self.climb:
                self.climb.ended(done, truncated[done], self.age[done], self.generator)
            if self.events and self.config.gradual:
                self.events.ended(done, truncated[done])
            self._start(done, *self._drawn(len(done)))
            obs = final_obs.clone()
            obs[done] = self._observe(done)
        return Step(obs, reward, terminated, truncated, final_obs, info)

    def advance(self, action: Float[Tensor, "n a"]) -> None:
        """Drive and simulate for one control step, without judging: servos aim at the reference plus the action."""
        command = self.target(self.everyone) + self.config.action_scale * action
        self._before = self.sim.state()
        if self.events:
            self.events.drive(command, self.age, self.generator)
        else:
            self.sim.ctrl[:] = command
            self.sim.step(self.config.decimation)
        self.tick += self.control_ticks if self.recovery is None else self.control_ticks * (self.recovery.lost == 0)
        self.age += 1

    def failed(self, away: Bool[Tensor, "n"], moment: Moment) -> Bool[Tensor, "n"]:
        """Who of those that are away from their reference at the end of a step has failed: all, or with recovery those
        for whom it has waited for long enough. It comes to the others, and goes along with who was hit. Where falls
        count, so has who touches the ground that the clip keeps off it."""
        if self.touch:
            away = away | self.touch(self.clip)
        if self.recovery is None:
            return away
        wanted = self.library.at(self.clip, self.tick).qpos
        failed = self.recovery.follow(away, moment.qpos[away], wanted[away])
        if self.events and (along := self.recovery.accompany(self.events.hit)).any():
            self.recovery.bring(along, moment.qpos[along], wanted[along])
        return failed

    def moment(self) -> Moment:
        """This moment, simulated and reference."""
        sim = self.sim
        return Moment(
            qpos=sim.qpos.float(),
            qvel=sim.qvel.float(),
            xpos=sim.xpos.float(),
            com=sim.subtree_com[:, 1].float(),
            ref=(ref := self.reference(self.tick, self.everyone)),
            past=self._past(),
            joints=self.joints,
            box=(self.box.state(sim)[0], self.box.goal(ref, self.tick)) if self.box else None,
        )

    def state(self) -> dict[str, Tensor]:
        """Everything that the next steps depend on."""
        return {
            "sim": self.sim.state(),
            "clip": self.clip.clone(),
            "tick": self.tick.clone(),
            "age": self.age.clone(),
            "starts": self.starts.state(),
            "generator": self.generator.get_state(),
            **self.breakage.kept(),
            **{f"ground.{name}": tensor for name, tensor in (self.ground.state() if self.ground else {}).items()},
            **({"level": self.climb.level.clone()} if self.climb else {}),
            **{f"recovery.{name}": tensor for name, tensor in (self.recovery.state() if self.recovery else {}).items()},
            **{f"events.{name}": tensor for name, tensor in (self.events.state() if self.events else {}).items()},
        }

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state`, bit for bit."""
        self.sim.restore(state["sim"])
        for name in ("clip", "tick", "age"):
            getattr(self, name)[:] = state[name]
        self.starts.restore(state["starts"])
        self.generator.set_state(state["generator"])
        self.breakage.restore(state)
        if self.ground:
            self.ground.restore({name: state[f"ground.{name}"] for name in ("tile", "offset")})
        if self.climb:
            self.climb.restore(state["level"])
        self._settle()
        if self.recovery:
            self.recovery.restore({name: state[key] for name in RECOVERY if (key := f"recovery.{name}") in state})
        if self.events:
            self.events.restore({k.removeprefix("events."): t for k, t in state.items() if k.startswith("events.")})

    def observe(self) -> Float[Tensor, "n o"]:
        """What the policy sees now."""
        return self._observe(self.everyone)

    def mirror(self) -> Reflections:
        """How the task looks in a mirror, where the character's left and right are alike."""
        return reflections(self.character, self.model, self.config, self.device)

    def describe(self) -> dict[str, Any]:
        """Rates, gains, scales, joint order, what is observed: what an exported policy needs to be driven elsewhere."""
        return described(self)

    def driving(self) -> dict[str, Any]:
        """The same, with the layout of the observations, the scene and the reference (`envs.driving`)."""
        return driving(self)

    def reference(self, tick: Tensor, ids: Tensor, posed: bool = True) -> Reference:
        """The reference of environments `ids` at a tick in the world, without targets; unless `posed`, places alone."""
        ref = self.library.at(self.clip[ids], tick)
        if self.ground:
            return self.ground.raised(ref, ids, self.clip[ids], tick, posed)
        return self.recovery.moved(ref, ids) if self.recovery else ref

    def target(self, ids: Tensor) -> Float[Tensor, "n nu"]:
        """Where the servos of environments `ids` aim now, action aside, rad."""
        clip, tick = self.clip[ids], self.tick[ids] + self.lead_ticks
        if self.ground:
            return self.ground.aims(self.library.at(clip, tick), ids, clip, tick)
        return self.library.target(clip, tick)

    def _past(self) -> Reference:
        """The reference one physics step ago; where that is less than a tick, positions on the line between two."""
        before = self.reference(self.tick - max(1, int(self.physics_ticks)), self.everyone, posed=False)
        if self.physics_ticks >= 1:
            return before
        now = self.reference(self.tick, self.everyone)
        xpos, com = (torch.lerp(getattr(now, n), getattr(before, n), self.physics_ticks) for n in ("xpos", "com"))
        return replace(now, xpos=xpos, com=com)

    def _drawn(self, n: int) -> tuple[Tensor, Tensor]:
        """Clips and ticks at which n episodes begin; on terrain in training, in any cycle of the way of a loop."""
        clip, tick = self.starts.sample(n, self.generator)
        if self.climb and self.config.start != "fixed":
            tick = tick + self.climb.cycles(clip, self.generator) * self.library.ticks[clip]
        return clip, tick

    def _start(self, ids: Tensor, clip: Tensor, tick: Tensor) -> None:
        """Put environments `ids` at moments of the reference, lifted out of the ground, velocities a little noisy."""
        self.clip[ids], self.tick[ids], self.age[ids] = clip, tick, 0
        if self.recovery:
            self.recovery.start(ids)
        if self.ground:
            self._settle()
            self.ground.place(ids, self.library.table[self.library.row(clip, tick), :2], self.generator)
            ref, lift = self.ground.begun(ids, clip, tick, tick + self.control_ticks)
        else:
            ref, lift = self.reference(tick, ids), self._lift(clip, tick)
        noise = torch.randn(ref.qvel.shape, generator=self.generator, device=self.device)
        sim, qpos = self.sim, ref.qpos.clone()
        qpos[:, 2] += lift
        qvel = ref.qvel + self.config.velocity_noise * noise
        if (move := self.starts.begin(ids, clip, tick, self.generator)) is not None:
            qpos, qvel = displaced(self.joints, qpos, move[:, : qvel.shape[1]]), qvel + move[:, qvel.shape[1] :]
        if self.events:
            self.events.start(ids, self.target(ids), self.generator)
            if (move := self.events.moved(qvel.shape[1], ids, self.generator)) is not None:
                qpos = displaced(self.joints, qpos, move)
            sim.xfrc_applied[ids] = 0.0
        sim.qpos[ids] = qpos.to(sim.qpos.dtype)
        sim.qvel[ids] = qvel.to(sim.qvel.dtype)
        sim.whole("qacc_warmstart")[ids] = 0.0
        if self.box:  # it stands still, wherever in its way the body begins
            self.box.begin(sim, ids, self.box.goal(ref, tick))

    def _simulate(self, physics_hz: float, parcels: Sequence[Parcel], changing: bool) -> None:
        """Make the simulations: where nothing stands behind the bodies and no models are changing, each on its tile."""
        self.whole = build_scene(self.character, physics_hz, self.terrain, parcels) if parcels else self.model
        shared = bool(parcels) or changing or self.config.simulator != "mujoco"
        self._strips = Strips(self.character, physics_hz, self.ground.world) if self.ground and not shared else None
        scene = self._strips.scenes[0] if self._strips else self.whole
        self.sim = make_sim(scene, self.num_envs, self.config, self.model if parcels else None)
        for name in ("xpos", "subtree_com"):  # a derived field is zero until the first step after it is bound
            self.sim.field(name)

    def _settle(self) -> None:
        """Let simulations know no ground but their own tile's, unless their models differ by events."""
        if self._strips and self.ground:
            assert isinstance(self.sim, CpuSim)
            self._strips.settle(self.sim, self.ground.tile)

    def _lift(self, clip: Tensor, tick: Tensor) -> Float[Tensor, "n"]:
        """How far (m) references must be raised to be out of the ground that a motion brings with it, or the plane."""
        row = self.library.row(clip, tick)
        if self._relief is None:
            return self.library.lift[row]
        return (-self._relief.height_above(self.library.surface[row], self._sits)).amax(-1).clamp_min(0.0)

    def _observe(self, ids: Tensor) -> Float[Tensor, "n o"]:
        return self._observed(self.sim.qpos[ids].float(), self.sim.qvel[ids].float(), ids)

    def _observed(self, qpos: Tensor, qvel: Tensor, ids: Tensor) -> Float[Tensor, "n o"]:
        nearby, height = self.reference(self.tick[ids] + self.control_ticks, ids), qpos[:, 2:3]
        if relief := self.ground.relief if self.ground else self._relief:
            height = height - relief.footing(qpos[:, :2])[:, None]
        own = observations.proprioception(self.joints, self._rest, qpos, qvel, height)
        parts = [own, observations.goal(self.joints, qpos, nearby)]
        parts.append(self.foresight.seen(qpos, ids, self.clip[ids], self.tick[ids]))
        if self.box:
            pose, speed = (part[ids] for part in self.box.state(self.sim))
            goal = self.box.goal(nearby, self.tick[ids] + self.control_ticks)
            parts.append(observations.pushed(qpos[:, 3:7], pose, speed, goal))
        obs = torch.cat(parts, -1)
        if self.events:
            obs = self.events.noisy(obs, self._speeds, ids, self.generator)
        return obs.nan_to_num(0.0).clamp(-observations.LIMIT, observations.LIMIT)

    def touching(self) -> Touch:
        """Who touches the ground that his clip keeps off it: to be made before the first step."""
        ground = self.ground.relief if self.ground else self._relief
        return Touch(self.library, self.character, self.sim, ground, self._relief)

    def count_broken(self, broken: Bool[Tensor, "n"]) -> None:
        """Count diverged episodes, and keep the state before the first one's last step."""
        self.breakage.note(broken, self._before)
