"""Texts of no-data values beside samples of every type, and which of the samples GDAL masks."""

import numpy as np
import rasterio
import tifffile

from cases import expect, finish, path_of

TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8"]
TEXTS = [
    "nan", "NaN", "-1.#IND", "1.#QNAN", "inf", "-inf", "INF", "1.#INF", "1e+20", "1.e20", "1e+30", "-1e+30", "1e-5",
    "-3.4028234663852886e+38", "-3.40282346638529e+38", "-3.4028235e+38", "-3.39999999999999996e+38",
    "3.4028234663852886e+38", "3.4e38", "-9999", "-9999.0", "  -9999  ", "-9999,0", "-9999\t",
    "-9999 -9999", "-9999.001", "+7", "7.", "0", "-0", "", "0x10", "254", "255", "256", "-1", "-128", "-129", "127", "128", "32767",
    "-32768", "65535", "65536", "2147483647", "-2147483648", "4294967295", "4294967296", "16777217", "0.1", "254.5",
]
NUMBERS = [
    0, 1, 7, 16, 127, 128, 254, 255, 256, 32767, 65535, 2147483647, 4294967295, 16777216, 16777217, -1, -128, -129, -9999, -10000, -32768,
    -2147483648, 1e20, 1e30, -1e30, 1e-5, 0.1, 254.5, 3.4e38, 3.4028234663852886e38, -3.4e38, -3.4028234663852886e38, -3.4028235e38,
    -1.7976931348623157e308, -9998.9995, -9998.998, -9999.001, float("inf"), float("-inf"), float("nan"),
]


def samples(dtype):
    if dtype[0] == "f":
        with np.errstate(over="ignore"):
            values = np.array(NUMBERS, "f8").astype(dtype)
        near = np.concatenate([np.nextafter(values, dtype_zero(dtype)), values])
        return np.unique(near)
    info = np.iinfo(dtype)
    return np.array(sorted({int(n) for n in NUMBERS if np.isfinite(n) and info.min <= n <= info.max}), dtype)


def dtype_zero(dtype):
    return np.zeros((), dtype)


for dtype in TYPES:
    values = samples(dtype)[None]
    for index, text in enumerate(TEXTS):
        name = f"{dtype}-{index}.tif"
        tifffile.imwrite(
            path_of(name), values, photometric="minisblack", metadata=None, extratags=[(42113, "s", 0, text, True)]
        )
        with rasterio.open(path_of(name)) as image:
            masked = image.read_masks(1) == 0
        expect(name, masked[None], text=text)
finish()
