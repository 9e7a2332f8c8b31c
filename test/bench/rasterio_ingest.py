"""Reading BigEarthNet v1 patches with rasterio, for comparison with `bench ingest`: the ten bands of the study, resampled on read to 120 px, as
torchgeo's data set does. Nothing is written.

    python rasterio_ingest.py FOLDER [--limit 1000] [--workers 1]

Prints one line of JSON: patchesPerSecond, cpuMs of a patch, and peakRssMb of the process and those it started. Needs numpy and rasterio.
"""

import argparse
import json
import multiprocessing
import pathlib
import resource
import time

import numpy as np
import rasterio
from rasterio.enums import Resampling

BANDS = ["B04", "B03", "B02", "B08", "B05", "B06", "B07", "B8A", "B11", "B12"]
PIXELS = 120


def read(patch):
    tile = np.empty((len(BANDS), PIXELS, PIXELS), np.uint16)
    for i, band in enumerate(BANDS):
        with rasterio.open(patch / f"{patch.name}_{band}.tif") as file:
            tile[i] = file.read(1, out_shape=(PIXELS, PIXELS), resampling=Resampling.bilinear)
    return int(tile.sum())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--limit", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    start, start_cpu = time.perf_counter(), time.process_time()
    patches = [path for path in sorted(options.folder.iterdir()) if (path / f"{path.name}_B04.tif").exists()][: options.limit]
    if options.workers > 1:
        with multiprocessing.Pool(options.workers) as pool:
            total = sum(pool.imap_unordered(read, patches, chunksize=64))
    else:
        total = sum(map(read, patches))
    seconds = time.perf_counter() - start
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))) - start_cpu
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # The largest process that was started, times their number.
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * options.workers if options.workers > 1 else 0
    figures = dict(patches=len(patches), patchesPerSecond=round(len(patches) / seconds, 1), cpuMs=round(cpu / len(patches) * 1000, 3))
    print(json.dumps(figures | dict(peakRssMb=round((own + others) / 1024), sum=total)))


if __name__ == "__main__":
    main()
