"""Samples beside the colors that are alpha or not, in every type, place and number, as tifffile writes and GDAL understands them."""

import itertools

import numpy as np
import rasterio
import tifffile

from cases import RANDOM, chosen, expect, finish, path_of

ROWS, COLUMNS = 21, 35
TYPES = ["u1", "u2", "i2", "u4", "f4", "f8"]
BASES = {"minisblack": 1, "rgb": 3}
EXTRAS = [
    extras
    for count in (1, 2, 3)
    for extras in itertools.product(["unspecified", "assocalpha", "unassalpha"], repeat=count)
    if sum(one != "unspecified" for one in extras) <= 1
]


def opaque(dtype):
    return 1 if dtype[0] == "f" else np.iinfo(dtype).max


def alpha_band(name):
    """GDAL's own word for it; None: no alpha."""
    with rasterio.open(path_of(name)) as image:
        found = [index for index, one in enumerate(image.colorinterp) if one == rasterio.enums.ColorInterp.alpha]
        return (found[0] if found else None), image.count, image.dataset_mask()


def write(dtype, photometric, extras, planar, blocks):
    count = BASES[photometric] + len(extras)
    planes = RANDOM.integers(0, 100, (count, ROWS, COLUMNS)).astype(dtype)
    told = [index for index, one in enumerate(extras) if one != "unspecified"]
    if told:
        shown = RANDOM.random((ROWS, COLUMNS)) < 0.6
        planes[BASES[photometric] + told[0]] = np.where(shown, opaque(dtype), 0)
    name = f"{dtype}-{photometric}-{'-'.join(extras)}-{planar}-{'tile' if 'tile' in blocks else 'strip'}.tif"
    tifffile.imwrite(
        path_of(name), planes if planar == "separate" else np.moveaxis(planes, 0, -1), photometric=photometric,
        planarconfig=planar, extrasamples=extras, metadata=None, compression="adobe_deflate", **blocks,
    )
    alpha, bands, mask = alpha_band(name)
    assert alpha == (BASES[photometric] + told[0] if told else None), (name, alpha)
    if alpha is None:
        return expect(name, planes, alpha=None)
    assert bands not in (2, 4) or alpha != bands - 1 or dtype not in ("u1", "u2") or np.array_equal(mask > 0, shown), name
    due = planes.astype("f4")
    due[np.arange(count) != alpha] = np.where(shown, due[np.arange(count) != alpha], np.nan)
    return expect(name, due, alpha=alpha)


BLOCKS = [{"tile": (16, 32)}, {"rowsperstrip": 8}]
for choice in chosen(itertools.product(TYPES, BASES, EXTRAS, ["contig", "separate"], BLOCKS)):
    write(*choice)
finish()
