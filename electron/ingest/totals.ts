// What the batches of an ingest add up to: rows, statistics, classes, problems, fingerprint. The same batches give the same totals, resumed or not.
import { createHash, type Hash } from "node:crypto";
import type { BandName } from "../../shared/domain/bands.ts";
import type { BandStatistics, Dataset, Problem } from "../../shared/domain/dataset.ts";
import type { BaseLine, BatchLine } from "./journal.ts";
import type { ReadSettings } from "./patches/patch.ts";
import { type BandMoments, emptyMoments, mergeMoments, restoreMoments, statisticsOf, storeMoments } from "./patches/statistics.ts";

/** A data set to which tiles are added. */
export interface TotalsBase {
  readonly dataset: Dataset;
  readonly moments: BaseLine["moments"];
  /** Checksum of each row. */
  readonly crcs: readonly number[];
}

/** What a data set's totals depend on. */
export type TotalsSettings = Pick<ReadSettings, "tilePixels" | "groups" | "radiometry">;

export class Totals {
  /** Checksum of each row. */
  readonly crcs: number[] = [];
  batches = 0;
  /** A patch says that no satellite took it. */
  isSimulated = false;
  /** Tiles beyond the limits. */
  beyond = 0;
  private readonly settings: TotalsSettings;
  private readonly moments = new Map<BandName, BandMoments>();
  private readonly classes = new Map<string, number>();
  private readonly problems = new Map<string, Problem>();
  private readonly empty = new Map<string, number>();
  private readonly hash: Hash;
  private readonly start: TotalsBase | undefined;

  /**
   * @param problems what was left out before anything was read
   * @param base what there is already
   */
  constructor(settings: TotalsSettings, problems: readonly Problem[], base?: TotalsBase) {
    const { tilePixels, groups, radiometry } = settings;
    this.settings = settings;
    this.start = base;
    this.hash = createHash("sha256").update(base ? base.dataset.fingerprint : JSON.stringify([tilePixels, groups, radiometry]));
    for (const problem of problems) this.addProblem(problem);
    if (!base) return;
    this.beyond = base.dataset.limits?.leftOut ?? 0;
    for (const crc of base.crcs) this.crcs.push(crc);
    for (const { name, tiles } of base.dataset.classes) this.classes.set(name, tiles);
    this.addMoments(base.moments);
  }

  add({ tiles, moments, skipped, empty, beyond, isSimulated }: BatchLine): void {
    this.batches++;
    this.isSimulated ||= isSimulated;
    this.beyond += beyond;
    for (const { id, labels, crc } of tiles) {
      this.crcs.push(crc);
      this.hash.update(JSON.stringify([id, labels, crc]));
      for (const label of labels ?? []) this.classes.set(label, (this.classes.get(label) ?? 0) + 1);
    }
    this.addMoments(moments);
    for (const problem of skipped) this.addProblem(problem);
    for (const { path, tiles: count } of empty) this.empty.set(path, (this.empty.get(path) ?? 0) + count);
  }

  get rows(): number {
    return this.crcs.length;
  }

  /** Patches and parts of them that were left out, each once. */
  skipped(): Problem[] {
    const empty = [...this.empty].map(([path, tiles]) => ({
      path,
      reason:
        tiles === 1
          ? "a tile without any data (DN 0 everywhere) is left out."
          : `${tiles} tiles without any data (DN 0 everywhere) are left out.`,
    }));
    return [...this.problems.values(), ...empty];
  }

  get skippedCount(): number {
    return this.problems.size + this.empty.size;
  }

  statistics(): Partial<Record<BandName, BandStatistics>> {
    return Object.fromEntries(
      this.settings.groups.flatMap(({ bands }) =>
        bands.map((band) => [band, statisticsOf(this.moments.get(band) ?? emptyMoments(), this.settings.radiometry)]),
      ),
    );
  }

  /** Most frequent first; by name among equals. */
  classCounts(): { name: string; tiles: number }[] {
    return [...this.classes].map(([name, tiles]) => ({ name, tiles })).sort((a, b) => b.tiles - a.tiles || (a.name < b.name ? -1 : 1));
  }

  /** Changes with every tile that is added. */
  fingerprint(): string {
    if (this.start && this.rows === this.start.crcs.length) return this.start.dataset.fingerprint;
    return this.hash.copy().digest("hex");
  }

  /** What an addition starts from. */
  base(): BaseLine {
    const moments = Object.fromEntries([...this.moments].map(([band, own]) => [band, storeMoments(own)] as const));
    return { kind: "base", rows: this.rows, moments: moments as unknown as BaseLine["moments"] };
  }

  private addMoments(moments: BaseLine["moments"]): void {
    for (const [band, stored] of Object.entries(moments) as [BandName, BaseLine["moments"][BandName]][]) {
      const sum = this.moments.get(band) ?? emptyMoments();
      this.moments.set(band, sum);
      if (stored) mergeMoments(sum, restoreMoments(stored));
    }
  }

  private addProblem(problem: Problem): void {
    this.problems.set(`${problem.path}\0${problem.reason}`, problem);
  }
}
