"""Position servos: how far they lag, those of motors, and of robots whose files have none, by tables of their motors.

A joint's gains follow from its motor's reflected inertia, as a second-order system of 10 Hz and damping ratio 2:
kp = I w^2, kd = 2 z I w (Liao et al. 2025, BeyondMimic, arXiv:2508.08241, whose inertias and limits these are).
"""

import re
from dataclasses import dataclass

import mujoco
import numpy as np

FREQUENCY, DAMPING_RATIO = 2.0 * np.pi * 10.0, 2.0
"""rad/s, and of 1."""


@dataclass(frozen=True)
class Motor:
    """What drives a joint: reflected inertia (kg m^2) and largest torque (Nm)."""

    inertia: float
    torque: float


M5020, M7520_14, M7520_22, M4010 = (
    Motor(0.003609725, 25.0),
    Motor(0.010177520, 88.0),
    Motor(0.025101925, 139.0),
    Motor(0.00425, 5.0),
)
PAIR = Motor(2 * M5020.inertia, 2 * M5020.torque)
"""Two that share a joint through a parallel linkage."""
ROBOTS: dict[str, dict[str, Motor]] = {
    "unitree_g1": {
        r".*_hip_(pitch|yaw)_joint|waist_yaw_joint": M7520_14,
        r".*_hip_roll_joint|.*_knee_joint": M7520_22,
        r".*_ankle_(pitch|roll)_joint|waist_(roll|pitch)_joint": PAIR,
        r".*_shoulder_(pitch|roll|yaw)_joint|.*_elbow_joint|.*_wrist_roll_joint": M5020,
        r".*_wrist_(pitch|yaw)_joint": M4010,
    },
}
"""Robot -> pattern of joint names -> motor."""


def servo_lag(model: mujoco.MjModel) -> float:
    """How far position servos lag behind a moving target, s: kd / kp, the median. To aim that much ahead cancels it."""
    return float(np.median(-model.actuator_biasprm[:, 2] / model.actuator_gainprm[:, 0]))


def add_servos(spec: mujoco.MjSpec) -> bool:
    """Give a model without actuators the servos and reflected inertias of the robot whose joints' names it has.

    Returns:
        Whether there is such a robot: one whose patterns fit every hinge.
    """
    hinges = [joint for joint in spec.joints if joint.type == mujoco.mjtJoint.mjJNT_HINGE]
    for motors in ROBOTS.values():
        found = [next((m for p, m in motors.items() if re.fullmatch(p, joint.name)), None) for joint in hinges]
        if not hinges or None in found:
            continue
        for joint, motor in zip(hinges, found, strict=True):
            assert motor is not None
            joint.armature = motor.inertia
            servo = spec.add_actuator(name=joint.name, target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
            _set(servo, motor)
        return True
    return False


def servos_of_motors(spec: mujoco.MjSpec) -> bool:
    """Make position servos of the motors of a model, as strong as they are, by the `armature` of their joints.

    Returns:
        Whether all its actuators are motors of hinges that say both; else they are left alone.
    """
    hinges = {joint.name: joint for joint in spec.joints if joint.type == mujoco.mjtJoint.mjJNT_HINGE}
    motors = [_motor(actuator, hinges.get(actuator.target)) for actuator in spec.actuators]
    if not motors or None in motors:
        return False
    for actuator, motor in zip(spec.actuators, motors, strict=True):
        assert motor is not None
        _set(actuator, motor)
        actuator.gear = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        actuator.ctrllimited, actuator.ctrlrange = 0, [0.0, 0.0]  # which were torques
    return True


def _motor(actuator: mujoco.MjsActuator, joint: mujoco.MjsJoint | None) -> Motor | None:
    """What a motor is at its hinge: None of another actuator, of one without limits, and where nobody said how much
    inertia it has."""
    plain = (
        actuator.trntype == mujoco.mjtTrn.mjTRN_JOINT
        and actuator.dyntype == mujoco.mjtDyn.mjDYN_NONE
        and actuator.gaintype == mujoco.mjtGain.mjGAIN_FIXED
        and actuator.biastype == mujoco.mjtBias.mjBIAS_NONE
    )
    if joint is None or not plain or joint.armature <= 0:
        return None
    gear = abs(float(actuator.gear[0]))
    torque = gear * float(actuator.gainprm[0]) * float(max(np.abs(actuator.ctrlrange)))
    force = gear * float(max(np.abs(actuator.forcerange)))
    limits = [limit for limit in (torque, force, float(max(np.abs(joint.actfrcrange)))) if limit > 0]
    return Motor(float(joint.armature), min(limits)) if limits else None


def _set(servo: mujoco.MjsActuator, motor: Motor) -> None:
    """Make an actuator the position servo of a motor."""
    servo.set_to_position(kp=motor.inertia * FREQUENCY**2, kv=2.0 * DAMPING_RATIO * motor.inertia * FREQUENCY)
    servo.forcerange = [-motor.torque, motor.torque]
    servo.forcelimited = 1
