"""JPEG inside TIFF as tifffile and GDAL write it, and the samples that two readers find in it."""

import itertools

import numpy as np
import rasterio
import tifffile
from PIL import Image

from cases import RANDOM, chosen, expect, finish, path_of

QUALITIES = [30, 75, 90, 95, 100]
SIDE = 150


def picture():
    """A soft slope, edges, and noise."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    soft = np.stack([x, y, (x * y) // SIDE], -1) * 1.4
    blocks = RANDOM.integers(0, 120, (SIDE // 10, SIDE // 10, 3)).repeat(10, 0).repeat(10, 1)
    return np.clip(soft + blocks - 60 + RANDOM.normal(0, 6, (SIDE, SIDE, 3)), 0, 255).astype("u1")


def by_gdal_of(name):
    with rasterio.open(path_of(name)) as image:
        return image.read()


def by_pillow_of(name):
    with Image.open(path_of(name)) as image:
        return np.moveaxis(np.asarray(image), -1, 0)


def expect_of(name):
    """GDAL spreads colors of fewer samples by itself, and not as libjpeg does; tifffile reads no planes of their own."""
    with tifffile.TiffFile(path_of(name)) as file:
        page = file.pages[0]
        if page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            return expect(name, by_gdal_of(name))
        planes = np.moveaxis(np.atleast_3d(page.asarray()), -1, 0)
        other = by_pillow_of if page.photometric == tifffile.PHOTOMETRIC.YCBCR else by_gdal_of
    assert np.array_equal(planes, other(name)), name
    return expect(name, planes)


def by_tifffile(quality, sampling, blocks):
    name = f"tifffile-{quality}-{sampling}-{'tile' if 'tile' in blocks else 'strip'}.tif"
    values = picture()[..., 0] if sampling == "gray" else picture()
    told = {"photometric": "minisblack"} if sampling == "gray" else {"photometric": "rgb", "subsampling": sampling}
    tifffile.imwrite(path_of(name), values, compression="jpeg", compressionargs={"level": quality}, metadata=None, **told, **blocks)
    expect_of(name)


def by_gdal(quality, photometric, tables, interleave):
    name = f"gdal-{quality}-{photometric}-{tables}-{interleave}.tif"
    values = np.moveaxis(picture(), -1, 0)
    values = values[:1] if photometric == "gray" else values
    told = {} if photometric == "gray" else {"photometric": photometric}
    with rasterio.open(
        path_of(name), "w", driver="GTiff", width=SIDE, height=SIDE, count=len(values), dtype="uint8", compress="jpeg",
        jpeg_quality=quality, jpegtablesmode=tables, interleave=interleave, tiled=True, blockxsize=64, blockysize=48, **told,
    ) as out:
        out.write(values)
    expect_of(name)


BLOCKS = [{"tile": (64, 48)}, {"rowsperstrip": 16}]
for choice in chosen(itertools.product(QUALITIES, ["gray", (1, 1), (2, 1), (2, 2)], BLOCKS)):
    by_tifffile(*choice)
KINDS = [("gray", "pixel"), ("rgb", "pixel"), ("rgb", "band"), ("ycbcr", "pixel")]
for quality, (photometric, interleave), tables in chosen(itertools.product(QUALITIES, KINDS, [0, 1, 2, 3])):
    by_gdal(quality, photometric, tables, interleave)
finish()
