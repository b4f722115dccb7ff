"""Samples of every type as GDAL writes them: codecs, predictors, interleaving, byte orders, tiles and strips, and overviews."""

import itertools

import numpy as np
import rasterio

from cases import chosen, expect, finish, path_of, scene

ROWS, COLUMNS, CHANNELS = 37, 45, 3
TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64"]
CODECS = ["none", "deflate", "lzw", "zstd", "packbits", "lerc", "lerc_deflate", "lerc_zstd"]
TILED = {"tiled": True, "blockxsize": 32, "blockysize": 16}
LAYOUTS = list(itertools.product(["pixel", "band"], ["little", "big"], [TILED, {"blockysize": 7}]))


def predictors(dtype, codec):
    if codec not in ("deflate", "lzw", "zstd"):
        return [1]
    return [1, 2, 3] if dtype in ("float32", "float64") else [1, 3] if dtype == "float16" else [1, 2]


def is_sound(dtype, codec, layout):
    """GDAL 3.10 itself loses floats of big-endian LERC: their swapped bytes may be NaN, which it takes for no data."""
    return not ("lerc" in codec and "float" in dtype and "big" in layout)


def write(dtype, codec, predictor, layout):
    interleave, endianness, blocks = layout
    half = {"nbits": 16} if dtype == "float16" else {}
    values = scene(dtype, (CHANNELS, ROWS, COLUMNS))
    name = f"{dtype}-{codec}-{predictor}-{interleave}-{endianness}-{'tile' if 'tiled' in blocks else 'strip'}.tif"
    stored = values.astype("f4") if half else values
    with rasterio.open(
        path_of(name), "w", driver="GTiff", width=COLUMNS, height=ROWS, count=CHANNELS, dtype=stored.dtype,
        compress=codec, interleave=interleave, endianness=endianness, predictor=predictor, **half, **blocks,
    ) as out:
        out.write(stored)
    with rasterio.open(path_of(name)) as back:
        assert np.array_equal(back.read(), stored), name
    expect(name, values)


def write_overviews(codec, layout):
    name = f"overviews-{codec}-{layout['interleave']}.tif"
    values = scene("int16", (CHANNELS, 3 * ROWS, 3 * COLUMNS))
    place = rasterio.transform.from_origin(500_000, 4_800_000, 10, 10)
    with rasterio.open(
        path_of(name), "w", driver="GTiff", width=3 * COLUMNS, height=3 * ROWS, count=CHANNELS, dtype="int16",
        compress=codec, transform=place, crs="EPSG:32619", **TILED, **layout,
    ) as out:
        out.write(values)
    with rasterio.open(path_of(name), "r+") as out:
        out.build_overviews([2, 4], rasterio.enums.Resampling.nearest)
    expect(name, values)
    for level in (0, 1):
        with rasterio.open(path_of(name), overview_level=level) as coarse:
            expect(name, coarse.read(), level=level + 1)


kinds = [(t, c, p) for t in TYPES for c in CODECS if not ("lerc" in c and t == "float16") for p in predictors(t, c)]
for index, kind in enumerate(kinds):
    # Each kind has another of the layouts first, so that the usual choice meets them all.
    turned = LAYOUTS[index % len(LAYOUTS):] + LAYOUTS[: index % len(LAYOUTS)]
    for layout in chosen(one for one in turned if is_sound(*kind[:2], one)):
        write(*kind, layout)
for codec, interleave in itertools.product(["deflate", "lerc_zstd"], ["pixel", "band"]):
    write_overviews(codec, {"interleave": interleave})
finish()
