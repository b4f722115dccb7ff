"""Samples of every type as tifffile writes them: codecs, predictors, interleaving, byte orders, tiles and strips."""

import itertools

import numpy as np
import tifffile

from cases import chosen, expect, finish, path_of, scene

ROWS, COLUMNS, CHANNELS = 37, 45, 3
TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8"]
CODECS = [None, "adobe_deflate", "deflate", "lzw", "zstd", "packbits", "lerc"]
LAYOUTS = list(itertools.product(["contig", "separate"], ["<", ">"], [{"tile": (16, 32)}, {"rowsperstrip": 7}]))


def predictors(dtype, codec):
    if codec in (None, "packbits", "lerc"):
        return [1]
    return [1, 3] if dtype[0] == "f" else [1, 2]


def is_sound(dtype, codec, layout):
    """It writes LERC of little-endian samples alone."""
    return codec != "lerc" or dtype[1] == "1" or "<" in layout


def write(dtype, codec, predictor, layout):
    planar, order, blocks = layout
    shape = (ROWS, COLUMNS, CHANNELS) if planar == "contig" else (CHANNELS, ROWS, COLUMNS)
    values = scene(dtype, shape)
    name = f"{dtype}-{codec}-{predictor}-{planar}-{'II' if order == '<' else 'MM'}-{'tile' if 'tile' in blocks else 'strip'}.tif"
    tifffile.imwrite(
        path_of(name), values, compression=codec, predictor=predictor if predictor > 1 else None,
        planarconfig=planar, byteorder=order, photometric="minisblack", metadata=None, **blocks,
    )
    assert np.array_equal(tifffile.imread(path_of(name)), values), name
    expect(name, np.moveaxis(values, -1, 0) if planar == "contig" else values)


def write_bits(codec, blocks):
    values = scene("?", (ROWS, COLUMNS))
    name = f"bits-{codec}-{'tile' if 'tile' in blocks else 'strip'}.tif"
    tifffile.imwrite(path_of(name), values, compression=codec, photometric="minisblack", metadata=None, **blocks)
    expect(name, values[None])


kinds = [(t, c, p) for t in TYPES for c in CODECS if not (c == "lerc" and t == "f2") for p in predictors(t, c)]
for index, kind in enumerate(kinds):
    # Each kind has another of the layouts first, so that the usual choice meets them all.
    turned = LAYOUTS[index % len(LAYOUTS):] + LAYOUTS[: index % len(LAYOUTS)]
    for layout in chosen(one for one in turned if is_sound(*kind[:2], one)):
        write(*kind, layout)
for codec, blocks in itertools.product([None, "packbits", "adobe_deflate"], [{"tile": (16, 32)}, {"rowsperstrip": 7}]):
    write_bits(codec, blocks)
finish()
