"""How people are proportioned, by age and build: a table, and what lies between its rows.

Bones are anny's mean body of men and women (Bregier et al. 2025, arXiv:2511.03589; its shapes are MakeHuman's, CC0),
and so are the shares of the mass, by the volumes of its skin; `benchmarks/proportions.py` measured them. It knows no
MJCF.
"""

from dataclasses import dataclass, fields

import numpy as np

SEGMENTS = ("root", "chest", "neck", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
"""The humanoid's bodies; limbs are two each."""
PAIRED = SEGMENTS[3:]


@dataclass(frozen=True)
class Bones:
    """Where joints are, over the body's height.

    Attributes:
        hip: height of the hips' joints over the floor; neck, shoulder: of theirs.
        hip_width: half of what is between the hips' joints; shoulder_width: of the shoulders'.
        thigh: length of the bone; shin, upper_arm, forearm: of theirs.
    """

    hip: float
    neck: float
    shoulder: float
    hip_width: float
    shoulder_width: float
    thigh: float
    shin: float
    upper_arm: float
    forearm: float


@dataclass(frozen=True)
class AgeGroup:
    """People of one age.

    Attributes:
        years: the age.
        bones: the average's.
        ponderal: kg/m^3, weight over height cubed, of the thin, the average and the heavy.
        shares: of the mass, by SEGMENTS, of each of the three.
    """

    years: float
    bones: Bones
    ponderal: tuple[float, float, float]
    shares: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]


TABLE = (
    AgeGroup(
        2.0,
        Bones(0.506, 0.8215, 0.7589, 0.0582, 0.0935, 0.2446, 0.2228, 0.1558, 0.147),
        (13.39, 14.26, 15.17),
        (
            (0.2435, 0.219, 0.1518, 0.0254, 0.0146, 0.0064, 0.0902, 0.0417, 0.0145),
            (0.259, 0.2109, 0.1431, 0.0265, 0.0145, 0.006, 0.0926, 0.0403, 0.0136),
            (0.2557, 0.209, 0.1346, 0.0294, 0.0149, 0.0057, 0.0975, 0.0401, 0.0128),
        ),
    ),
    AgeGroup(
        4.0,
        Bones(0.5162, 0.8317, 0.7715, 0.0611, 0.0951, 0.2403, 0.2376, 0.1547, 0.1421),
        (11.92, 12.7, 13.73),
        (
            (0.243, 0.2314, 0.1178, 0.0249, 0.0134, 0.0059, 0.0986, 0.045, 0.016),
            (0.2503, 0.2248, 0.111, 0.0263, 0.0135, 0.0055, 0.1022, 0.0444, 0.015),
            (0.2513, 0.221, 0.1027, 0.0285, 0.0138, 0.0052, 0.1077, 0.0434, 0.0139),
        ),
    ),
    AgeGroup(
        7.0,
        Bones(0.5216, 0.837, 0.7782, 0.0627, 0.096, 0.238, 0.2453, 0.1541, 0.1395),
        (11.22, 11.96, 13.04),
        (
            (0.2422, 0.2374, 0.101, 0.0245, 0.0127, 0.0056, 0.1033, 0.0467, 0.0169),
            (0.2449, 0.2316, 0.095, 0.0262, 0.0129, 0.0052, 0.1075, 0.0465, 0.0158),
            (0.2483, 0.2267, 0.0872, 0.0279, 0.0132, 0.0049, 0.1133, 0.0451, 0.0145),
        ),
    ),
    AgeGroup(
        11.0,
        Bones(0.5257, 0.8436, 0.7861, 0.0629, 0.0979, 0.2392, 0.2475, 0.1546, 0.1392),
        (10.78, 11.68, 12.81),
        (
            (0.2422, 0.2426, 0.0881, 0.025, 0.0129, 0.0057, 0.1056, 0.0472, 0.0171),
            (0.2443, 0.2355, 0.0817, 0.0271, 0.013, 0.0053, 0.111, 0.0472, 0.0157),
            (0.25, 0.2307, 0.0745, 0.0286, 0.0131, 0.005, 0.1162, 0.0453, 0.0144),
        ),
    ),
    AgeGroup(
        14.0,
        Bones(0.5294, 0.8512, 0.7951, 0.0625, 0.1004, 0.2421, 0.2474, 0.1558, 0.14),
        (10.44, 11.6, 12.77),
        (
            (0.2423, 0.2477, 0.0767, 0.0262, 0.0136, 0.006, 0.1069, 0.047, 0.0169),
            (0.2457, 0.2379, 0.0694, 0.0286, 0.0134, 0.0054, 0.1138, 0.0471, 0.0153),
            (0.254, 0.2336, 0.063, 0.0301, 0.0132, 0.0051, 0.1179, 0.0446, 0.0138),
        ),
    ),
    AgeGroup(
        18.0,
        Bones(0.533, 0.8567, 0.8014, 0.0632, 0.1009, 0.2424, 0.2495, 0.1551, 0.1382),
        (10.29, 11.47, 12.64),
        (
            (0.2501, 0.247, 0.0707, 0.025, 0.0133, 0.0059, 0.1072, 0.0476, 0.017),
            (0.2529, 0.2356, 0.063, 0.0276, 0.013, 0.0053, 0.1151, 0.048, 0.0153),
            (0.2605, 0.2325, 0.058, 0.0296, 0.0127, 0.0051, 0.1181, 0.0451, 0.0139),
        ),
    ),
    AgeGroup(
        64.0,
        Bones(0.5339, 0.8576, 0.8023, 0.0636, 0.1004, 0.2416, 0.2508, 0.1544, 0.1368),
        (10.31, 11.43, 12.57),
        (
            (0.2546, 0.2453, 0.0706, 0.0239, 0.0129, 0.0058, 0.1069, 0.0481, 0.0171),
            (0.2567, 0.2339, 0.0628, 0.0264, 0.0127, 0.0052, 0.115, 0.0486, 0.0154),
            (0.2631, 0.2312, 0.0583, 0.0288, 0.0125, 0.0051, 0.1177, 0.0456, 0.014),
        ),
    ),
    AgeGroup(
        90.0,
        Bones(0.5354, 0.8589, 0.8037, 0.0644, 0.0996, 0.2404, 0.2529, 0.1533, 0.1346),
        (10.36, 11.37, 12.48),
        (
            (0.2618, 0.243, 0.0703, 0.0223, 0.0123, 0.0055, 0.1064, 0.0488, 0.0172),
            (0.2628, 0.2315, 0.0624, 0.0247, 0.0122, 0.005, 0.1146, 0.0495, 0.0157),
            (0.2673, 0.2295, 0.0588, 0.0276, 0.012, 0.0049, 0.117, 0.0464, 0.0143),
        ),
    ),
)
"""By age. A share is that of one limb."""

GROWTH = ((2, 0.87), (4, 1.03), (6, 1.155), (8, 1.27), (10, 1.382), (12, 1.5), (14, 1.615), (16, 1.677), (18, 1.7))
"""Years -> m: half of boys and girls are taller (WHO's growth standards and reference of 2006 and 2007, their mean)."""


def age_of(height: float) -> float:
    """Years at which half of the people are as tall (m); 18 for all taller ones."""
    years, heights = zip(*GROWTH, strict=True)
    return float(np.interp(height, heights, years))


def height_at(years: float) -> float:
    """m of half of the people at an age."""
    ages, heights = zip(*GROWTH, strict=True)
    return float(np.interp(years, ages, heights))


def bones_of(years: float) -> Bones:
    """The average bones at an age."""
    return Bones(*(_between(years, [getattr(row.bones, field.name) for row in TABLE]) for field in fields(Bones)))


def usual_weight(years: float, height: float) -> float:
    """kg of the average build at an age and a height (m)."""
    return _between(years, [row.ponderal[1] for row in TABLE]) * height**3


def masses_of(years: float, height: float, weight: float) -> dict[str, float]:
    """Segment -> kg; of limbs, one.

    Shares lie between those of the thin, the average and the heavy, where weight / height^3 does; outside of the three
    they stay as they are at that end.
    """
    builds = [_between(years, [row.ponderal[build] for row in TABLE]) for build in range(3)]
    shares = {
        name: float(np.interp(weight / height**3, builds, [
            _between(years, [row.shares[build][column] for row in TABLE]) for build in range(3)
        ]))
        for column, name in enumerate(SEGMENTS)
    }  # fmt: skip
    whole = sum(share * (2 if name in PAIRED else 1) for name, share in shares.items())
    return {name: weight * share / whole for name, share in shares.items()}


def _between(years: float, values: list[float]) -> float:
    return float(np.interp(years, [row.years for row in TABLE], values))
