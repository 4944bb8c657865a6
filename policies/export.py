"""A trained policy as files: safetensors (what sfv reads), a Stable-Baselines3 zip, and ONNX with its metadata.

The zip opens with an unchanged `stable_baselines3.PPO.load` where sfv is installed. sfv itself never opens it, since
Stable-Baselines3 unpickles what is inside.
"""

import json
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from policies.config import TrainConfig
from policies.networks import TrackingPolicy, make_policy, policy_spaces
from sfv.errors import InputError, blamed
from sfv.work.files import replacing
from sfv.work.tensors import load_tensors, save_tensors

FORMAT = 1
WILD = 1e12
"""No weight, moment or statistic of a policy that learns is larger."""


class DeterministicActor(nn.Module):
    """Observations to mean actions: a policy as the rest of sfv uses it."""

    def __init__(self, policy: TrackingPolicy) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, obs: Float[Tensor, "n o"]) -> Float[Tensor, "n a"]:
        """The mean action for each observation."""
        return self.policy.actor(self.policy.normaliser(obs))


def save_policy(folder: Path, policy: TrackingPolicy, about: Mapping[str, Any]) -> None:
    """Write policy.safetensors: weights, normaliser, sizes, and what the environment says of itself."""
    sizes = {
        "format": FORMAT,
        "obs_size": int(policy.observation_space.shape[0]),  # type: ignore[index]
        "action_size": int(policy.action_space.shape[0]),  # type: ignore[index]
        "hidden": list(policy.hidden),
    }
    save_tensors(folder / "policy.safetensors", policy.state_dict(), sizes | dict(about))


def load_policy(path: Path | str) -> tuple[DeterministicActor, dict[str, Any]]:
    """The policy in a folder or a policy.safetensors, and its record.

    Raises:
        InputError: there is none, or it is of another format.
    """
    path = Path(path)
    path = path / "policy.safetensors" if path.is_dir() else path
    tensors, about = load_tensors(path, "train one with: sfv train MOTION --out FOLDER")
    if about.get("format") != FORMAT:
        raise InputError(f"{path} is of policy format {about.get('format')}, this sfv reads {FORMAT}; train again")
    with blamed(f"{path} is damaged", "train it again"):
        sizes = int(about["obs_size"]), int(about["action_size"]), tuple(int(width) for width in about["hidden"])
        if sizes[0] * max(sizes[2], default=1) > sum(tensor.numel() for tensor in tensors.values()):
            raise ValueError("its sizes are not those of its weights")  # which would be made first
        if wild := [name for name, tensor in tensors.items() if not sane(tensor)]:
            raise ValueError(f"{wild[0]} holds numbers that no training makes")
        policy = make_policy(*sizes)
        policy.load_state_dict(tensors)
    return DeterministicActor(policy).eval(), about


def sane(tensor: Tensor) -> bool:
    """Whether all its numbers are such as learning makes: finite, and below WILD."""
    return not tensor.is_floating_point() or bool((tensor.abs() < WILD).all())  # NaN is not below


def export_zip(folder: Path, policy: TrackingPolicy, config: TrainConfig) -> None:
    """Write policy.zip for `stable_baselines3.PPO.load`."""
    from stable_baselines3 import PPO

    observation, action = policy_spaces(policy.observation_space.shape[0], policy.action_space.shape[0])  # type: ignore[index]
    model = PPO(
        TrackingPolicy,
        env=None,  # type: ignore[arg-type]
        learning_rate=config.learning_rate,
        n_steps=config.steps,
        batch_size=config.minibatch,
        n_epochs=config.epochs,
        gamma=config.gamma,
        gae_lambda=config.lam,
        clip_range=config.clip_range,
        policy_kwargs={"hidden": tuple(config.hidden)},
        device="cpu",
        _init_setup_model=False,
    )
    model.observation_space, model.action_space, model.n_envs = observation, action, config.num_envs
    model._setup_model()
    model.policy.load_state_dict(policy.state_dict())
    with replacing(folder / "policy.zip") as temporary:
        model.save(temporary)


def export_driving(folder: Path, driving: Mapping[str, Any]) -> None:
    """Write policy.json: how a character is driven by policy.onnx, all that a player needs beside it."""
    content = {"kind": "sfv policy", "version": 1, "policy": "policy.onnx"} | dict(driving)
    with replacing(folder / "policy.json") as temporary:
        temporary.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")


def export_onnx(folder: Path, policy: TrackingPolicy, about: Mapping[str, Any]) -> None:
    """Write policy.onnx: input `obs` (n, o), output `action` (n, a); metadata says how to drive the character."""
    import onnx

    actor = DeterministicActor(policy).eval()
    example = torch.zeros(2, int(policy.observation_space.shape[0]))  # type: ignore[index]
    batch = torch.export.Dim("n", min=1)
    level = logging.getLogger("torch.onnx").level
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), replacing(folder / "policy.onnx") as temporary:
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            actor,
            (example,),
            input_names=["obs"],
            output_names=["action"],
            dynamic_shapes={"obs": {0: batch}},
            dynamo=True,
            verbose=False,
        )
        assert program is not None
        model = program.model_proto
        onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in about.items()})
        onnx.save(model, temporary)
    logging.getLogger("torch.onnx").setLevel(level)
