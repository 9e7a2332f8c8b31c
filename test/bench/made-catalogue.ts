// A data set without pixels: made-up tiles of BigEarthNet's kind, written from a journal as an ingest leaves it.
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { type StoredTile, writeCatalogue } from "../../electron/ingest/catalogue/catalogue.ts";
import { datasetFile, journalFile } from "../../electron/ingest/catalogue/dataset-folder.ts";
import { CORINE_CLASSES } from "../../shared/domain/labels.ts";
import { Random } from "../../shared/domain/random.ts";

const BATCH = 64;
const COUNTRIES = ["Austria", "Belgium", "Finland", "Ireland", "Kosovo", "Lithuania", "Luxembourg", "Portugal", "Serbia", "Switzerland"];
const SPLITS = ["train", "validation", "test"] as const;

/** Makes tiles one after another. Every thousandth is a copy of another, in one or two bits. @param total tiles in all */
export function tileMaker(total: number): (index: number) => StoredTile {
  const random = Random.of("bench catalogue");
  const hex = () =>
    random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, "0");
  let earlier: Pick<StoredTile, "hash" | "crc" | "footprint"> | undefined;
  return (index) => {
    const place = Math.floor((index * 125) / total);
    const id = `S2A_MSIL2A_20170613T101031_${index % 90}_${Math.floor(index / 90)}`;
    const [west, north] = [-10 + (place % 25) * 1.5 + random.uniform(0, 1), 40 + Math.floor(place / 25) * 4 + random.uniform(0, 1)];
    const own = {
      footprint: [west, north, west + 0.015, north, west + 0.015, north - 0.011, west, north - 0.011],
      hash: hex() + hex(),
      crc: random.below(2 ** 32),
      excluded: null,
    };
    const copy = index % 1000 === 999 ? earlier : undefined;
    if (index % 1000 === 500)
      earlier = { ...own, hash: `${own.hash.slice(0, 15)}${(Number.parseInt(own.hash[15]!, 16) ^ 5).toString(16)}` };
    const granule = `T${29 + (place % 9)}UX${String.fromCharCode(65 + Math.floor(place / 9))}`;
    return {
      index,
      id,
      source: "bigearthnet-v1",
      root: 0,
      path: `part${place}/${id}`,
      file: `part${place}/${id}/${id}_B02.tif`,
      bytes: 160_000,
      modified: 1_600_000_000_000 + index,
      labels: Array.from({ length: 1 + random.below(4) }, (_, i) => CORINE_CLASSES[(random.below(30) + i) % 43]!),
      date: `2017-${String(1 + (place % 12)).padStart(2, "0")}-${String(1 + (index % 28)).padStart(2, "0")}`,
      granule,
      crs: `EPSG:326${29 + (place % 9)}`,
      transform: [10, 0, 300_000 + index, 0, -10, 5_000_000 - index],
      nodata: 0,
      saturated: 0,
      cloud: Math.round(1000 * random.uniform(0, 1) ** 4) / 1000,
      shadow: null,
      snow: null,
      split: SPLITS[index % 3]!,
      country: COUNTRIES[place % 10]!,
      product: `S2A_MSIL2A_20170613T101031_N9999_R022_${granule}`,
      offset: 0,
      quantification: 10_000,
      radiometrySource: "BigEarthNet v1: Level-2A of 2017 and 2018, before processing baseline 04.00, so without an offset",
      ...own,
      ...copy,
    };
  };
}

/** Writes the journal and the record of a data set; `writeCatalogue` makes the catalogue of them. */
export async function makeJournal(folder: string, total: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const tile = tileMaker(total);
  const journal = createWriteStream(journalFile(folder));
  journal.write(`${JSON.stringify({ kind: "request" })}\n`);
  for (let first = 0, batch = 0; first < total; first += BATCH, batch++) {
    const tiles = Array.from({ length: Math.min(BATCH, total - first) }, (_, i) => tile(first + i));
    if (!journal.write(`${JSON.stringify({ kind: "batch", batch, tiles })}\n`))
      await new Promise<void>((resolve) => journal.once("drain", resolve));
  }
  await new Promise<void>((resolve) => journal.end(resolve));
  const dataset = {
    version: 1,
    name: "bench",
    created: "",
    tiles: total,
    tilePixels: 120,
    groups: [{ name: "10m", pixels: 120, bands: ["B02", "B03", "B04", "B08"] }],
    statistics: {},
    classes: [],
    radiometry: { quantification: 10_000, offset: 0, source: "" },
    sources: [],
    skipped: [],
    simulated: true,
    fingerprint: "bench",
    folders: ["/archive"],
  };
  writeFileSync(datasetFile(folder), JSON.stringify(dataset));
}

/** A whole data set without pixels. */
export async function makeCatalogue(folder: string, total: number): Promise<void> {
  await makeJournal(folder, total);
  await writeCatalogue(folder);
}
