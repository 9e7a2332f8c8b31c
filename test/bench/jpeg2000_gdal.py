"""GDAL's side of the JPEG 2000 benchmark (jpeg2000.ts runs it).

    python jpeg2000_gdal.py make FILE      a 10,980 px band in ESA's layout
    python jpeg2000_gdal.py time FILE      reads JSON windows [[x, y], ...] of 120 px from stdin, prints JSON figures

Needs numpy and rasterio; GDAL_NUM_THREADS says how many threads it decodes with.
"""

import json
import resource
import sys
import time
import zlib

import numpy as np
import rasterio
from rasterio.windows import Window

PIXELS = 10_980
ESA = dict(CODEBLOCK_WIDTH=4, CODEBLOCK_HEIGHT=4, PLT="YES", REVERSIBLE="YES", QUALITY=100, NBITS=15, PROFILE="UNRESTRICTED", RESOLUTIONS=6)


def smooth(rng, cell):
    """Bilinear noise with a grid of `cell` px."""
    grid = rng.normal(size=(PIXELS // cell + 3,) * 2).astype(np.float32)
    at = np.arange(PIXELS, dtype=np.float32) / cell
    low = at.astype(int)
    part = at - low
    rows = grid[low] * (1 - part)[:, None] + grid[low + 1] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, low + 1] * part


def make(path):
    rng = np.random.default_rng(7)
    values = 1500 + 700 * smooth(rng, 900) + 350 * smooth(rng, 90) + 120 * smooth(rng, 9)
    values += rng.normal(scale=25, size=values.shape).astype(np.float32)
    values = np.clip(values, 1, 2**15 - 1).astype(np.uint16)
    place = dict(crs="EPSG:32633", transform=rasterio.Affine(10, 0, 399_960, 0, -10, 4_200_000))
    size = dict(width=PIXELS, height=PIXELS, count=1, dtype="uint16", tiled=True, BLOCKXSIZE=1024, BLOCKYSIZE=1024)
    with rasterio.open(path, "w", driver="JP2OpenJPEG", **size, **place, **ESA) as file:
        file.write(values, 1)


def measure(path, windows):
    start, start_cpu = time.perf_counter(), time.process_time()
    with rasterio.open(path) as file:
        crcs = [zlib.crc32(file.read(1, window=Window(x, y, 120, 120)).tobytes()) for x, y in windows]
    between, between_cpu = time.perf_counter(), time.process_time()
    # Opened anew, so that GDAL's cache of blocks is empty again.
    with rasterio.open(path) as file:
        band = file.read(1)
    end, end_cpu = time.perf_counter(), time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return dict(
        windows=dict(seconds=between - start, cpuSeconds=between_cpu - start_cpu),
        band=dict(seconds=end - between, cpuSeconds=end_cpu - between_cpu),
        peakMegabytes=peak,
        crcs=crcs,
        bandCrc=zlib.crc32(band.tobytes()),
    )


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    json.dump(measure(sys.argv[2], json.load(sys.stdin)), sys.stdout)
