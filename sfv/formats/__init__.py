"""Motion files in and out: one module per format.

Only in this package do degrees, centimetres, y-up worlds, xyzw quaternions and foreign joint names exist;
what leaves it is a `Motion`, and what enters it is one.
"""
