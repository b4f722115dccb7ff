"""What the scripts beside this one share. Each writes images and the samples that are due of them into a folder, and prints a list of them."""

import json
import os
import sys

import numpy as np

FOLDER = sys.argv[1]
# 1: all of a product of choices; n: one in n of them.
EVERY = int(sys.argv[2])
RANDOM = np.random.default_rng(20261130)

_cases = []


def path_of(name):
    return os.path.join(FOLDER, name)


def expect(file, planes, level=0, **facts):
    """`planes`: channels × rows × columns, as they are due in memory; those of float16 are float32."""
    if planes.dtype.name == "float16":
        planes = planes.astype("f4")
    if planes.dtype.name == "bool":
        planes = planes.astype("u1")
    samples = f"{len(_cases)}.raw"
    planes.astype(planes.dtype.newbyteorder("<")).tofile(path_of(samples))
    _cases.append({"file": file, "samples": samples, "type": planes.dtype.name, "channels": len(planes), "level": level, **facts})


def refuse(file, says):
    """It is to be refused with a message that has these words."""
    _cases.append({"file": file, "says": says})


def finish():
    json.dump(_cases, sys.stdout)


def chosen(choices):
    """One in EVERY of them, so that all turn up in turn."""
    return (choice for index, choice in enumerate(choices) if index % EVERY == 0)


def scene(dtype, shape):
    """Slopes with noise and the ends of the type's range: rows that compress, and rows that do not."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return RANDOM.integers(0, 2, shape).astype(bool)
    if dtype.kind == "f":
        values = RANDOM.normal(0, 1000, shape)
        values.flat[:2] = np.finfo(dtype).min, np.finfo(dtype).max
        return values.astype(dtype)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    slope = np.arange(np.prod(shape)).reshape(shape) % 97
    noise = RANDOM.integers(low, high, shape, dtype=dtype, endpoint=True)
    values = np.where(RANDOM.random(shape) < 0.3, noise, slope.astype(dtype))
    values.flat[:2] = low, high
    return values.astype(dtype)
