"""Images with palettes as tifffile and GDAL write them, and the codes and colors that GDAL sees in them."""

import numpy as np
import rasterio
import tifffile

from cases import RANDOM, expect, finish, path_of, refuse

ROWS, COLUMNS = 30, 41


def colors(size):
    return RANDOM.integers(0, 256, (3, size)).astype("u2")


def write(name, codes, colormap, **options):
    tifffile.imwrite(path_of(name), codes, photometric="palette", colormap=colormap, metadata=None, **options)


def seen_by_gdal(name):
    with rasterio.open(path_of(name)) as image:
        table = image.colormap(1)
        codes = image.read(1)
        masked = image.read_masks(1) == 0
    planes = np.array([np.vectorize(lambda code: table[code][part])(codes) for part in range(3)], "u1")
    return codes[None], planes, masked


def write_bytes_as(scale):
    """Writers make 16 bits of a byte in three ways."""
    codes = RANDOM.integers(0, 256, (ROWS, COLUMNS)).astype("u1")
    bytes_ = colors(256)
    for layout, blocks in {"tile": {"tile": (16, 16)}, "strip": {"rowsperstrip": 4, "compression": "lzw"}}.items():
        name = f"{layout}-scale-{scale}.tif"
        write(name, codes, bytes_ * np.uint16(scale), **blocks)
        expect(name, codes[None], first=0)
        seen = seen_by_gdal(name)[1]
        # GDAL 3.10 knows values of bytes too, where all are below 256.
        assert np.array_equal(seen, bytes_[:, codes]), name
        expect(name, seen, first=1)


for scale in (257, 256, 1):
    write_bytes_as(scale)

codes = RANDOM.integers(0, 256, (ROWS, COLUMNS)).astype("u1")
deep = RANDOM.integers(0, 65536, (3, 256)).astype("u2")
write("deep-colors.tif", codes, deep)
expect("deep-colors.tif", deep[:, codes], first=1)

codes = RANDOM.integers(0, 65536, (ROWS, COLUMNS)).astype("u2")
table = colors(65536) * np.uint16(257)
write("codes-of-16-bits.tif", codes, table)
expect("codes-of-16-bits.tif", codes[None], first=0)
expect("codes-of-16-bits.tif", (table[:, codes] // 257).astype("u1"), first=1)

codes = RANDOM.integers(0, 9, (ROWS, COLUMNS)).astype("u1")
write("no-data.tif", codes, colors(256) * np.uint16(257), extratags=[(42113, "s", 0, "3", True)])
_, planes, masked = seen_by_gdal("no-data.tif")
expect("no-data.tif", np.where(masked, np.nan, planes).astype("f4"), first=1)

for bits in (1, 2, 4):
    name = f"bits-{bits}.tif"
    codes = RANDOM.integers(0, 2**bits, (ROWS, COLUMNS)).astype("u1")
    with rasterio.open(path_of(name), "w", driver="GTiff", width=COLUMNS, height=ROWS, count=1, dtype="uint8", nbits=bits) as out:
        out.write_colormap(1, {code: (code * 17, 255 - code * 17, 90, 255) for code in range(2**bits)})
        out.write(codes, 1)
    if bits == 1:
        found, planes, _ = seen_by_gdal(name)
        expect(name, found, first=0)
        expect(name, planes, first=1)
    else:
        refuse(name, f"{bits}-bit unsigned samples are not supported")
finish()
