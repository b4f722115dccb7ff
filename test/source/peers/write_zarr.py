"""OME-Zarr of both versions as zarr-python writes it: types, codecs, chunks, orders of bytes and axes, shards, chunks that are missing."""

import itertools

import numcodecs
import numpy as np
import zarr

from cases import chosen, expect, finish, path_of, scene

CHANNELS, ROWS, COLUMNS = 3, 75, 90
TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64", "bool"]
CHUNKS = [(1, 32, 64), (3, 20, 90), (2, 75, 33)]


def described(array):
    """The axes that there must be, and full resolution alone."""
    axes = [{"name": "c", "type": "channel"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    scale = {"type": "scale", "scale": [1, 1, 1]}
    return {"axes": axes, "datasets": [{"path": array, "coordinateTransformations": [scale]}]}


def save(name, array, values, missing):
    array[:] = values
    if not missing:
        return expect(name, values)
    due = np.full(values.shape, array.fill_value, values.dtype)
    rows = slice(0, array.chunks[1] if array.shards is None else array.shards[1])
    due[:, rows] = values[:, rows]
    # Chunks of nothing but the fill value are left out.
    array[:] = due
    return expect(name, due)


def write_v2(dtype, codec, chunks, order, endian, separator, missing):
    name = f"v2-{dtype}-{codec}-{chunks[0]}-{order}-{'II' if endian == '<' else 'MM'}-{separator == '/'}-{missing}.zarr"
    group = zarr.open_group(path_of(name), mode="w", zarr_format=2)
    kind = np.dtype(dtype).newbyteorder(endian)
    array = group.create_array(
        "0", shape=(CHANNELS, ROWS, COLUMNS), chunks=chunks, dtype=kind, compressors=CODECS_2[codec], order=order,
        chunk_key_encoding={"name": "v2", "separator": separator}, fill_value=1, filters=None,
        config={"write_empty_chunks": False},
    )
    group.attrs["multiscales"] = [{"version": "0.4", **described("0")}]
    save(name, array, scene(dtype, array.shape), missing)


def write_v3(dtype, codec, chunks, transposed, endian, shards, missing):
    name = f"v3-{dtype}-{codec}-{chunks[0]}-{transposed}-{endian}-{shards}-{missing}.zarr"
    group = zarr.open_group(path_of(name), mode="w", zarr_format=3)
    array = group.create_array(
        "0", shape=(CHANNELS, ROWS, COLUMNS), chunks=chunks, dtype=dtype, compressors=CODECS_3[codec], fill_value=1,
        shards=tuple(2 * side for side in chunks) if shards else None,
        filters=[zarr.codecs.TransposeCodec(order=(2, 0, 1))] if transposed else None,
        serializer=zarr.codecs.BytesCodec(endian=endian), config={"write_empty_chunks": False},
    )
    group.attrs["ome"] = {"version": "0.5", "multiscales": [described("0")]}
    save(name, array, scene(dtype, array.shape), missing)


CODECS_2 = {
    "none": None,
    "zlib": numcodecs.Zlib(3),
    "gzip": numcodecs.GZip(3),
    "zstd": numcodecs.Zstd(3),
    "lz4": numcodecs.LZ4(),
    **{
        f"blosc-{name}-{shuffle}": numcodecs.Blosc(name, 5, shuffle)
        for name in ("lz4", "lz4hc", "zstd", "zlib", "blosclz") for shuffle in (0, 1, 2)
    },
}
CODECS_3 = {
    "none": None,
    "gzip": zarr.codecs.GzipCodec(level=3),
    "zstd": zarr.codecs.ZstdCodec(level=3),
    "zstd-crc": [zarr.codecs.ZstdCodec(level=3), zarr.codecs.Crc32cCodec()],
    **{
        f"blosc-{name}-{shuffle}": zarr.codecs.BloscCodec(cname=name, clevel=5, shuffle=shuffle)
        for name in ("lz4", "lz4hc", "zstd", "zlib", "blosclz") for shuffle in ("noshuffle", "shuffle", "bitshuffle")
    },
}

for choice in chosen(itertools.product(TYPES, CODECS_2, CHUNKS, "CF", "<>", "./", [False, True])):
    write_v2(*choice)
for choice in chosen(itertools.product(TYPES, CODECS_3, CHUNKS, [False, True], ["little", "big"], [False, True], [False, True])):
    write_v3(*choice)
finish()
