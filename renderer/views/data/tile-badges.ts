// What is written on tiles: what is to be known of one at a glance.
import type { Tile } from "../../../shared/domain/dataset.ts";
import { percent } from "../../state/words.ts";

export const BADGES = ["cloud", "labels"] as const;
export type BadgeKind = (typeof BADGES)[number];

/** Badges are drawn on tiles of this side and more, px. */
export const BADGED_SIZE = 64;
/** Share of cloud from which it is told. */
const LEAST_CLOUD = 0.01;

/** Those of a route: `badges=cloud,labels`; clouds when it has none, and nothing for `none`. */
export function badgesOf(text: string | undefined): BadgeKind[] {
  return text === undefined ? ["cloud"] : BADGES.filter((badge) => text.split(",").includes(badge));
}

export const badgesText = (badges: readonly BadgeKind[]): string | null => {
  const text = badges.join(",");
  return text === "cloud" ? null : text || "none";
};

/** Clouds, and whether the tile is out of use. */
export function marksOf({ cloud, excluded }: Tile): string[] {
  return [...(cloud !== null && cloud >= LEAST_CLOUD ? [`cloud ${percent(cloud)}`] : []), ...(excluded ? ["out of use"] : [])];
}

/** What is written on a tile. That it is out of use always is. */
export function badgeTexts(tile: Tile, badges: readonly BadgeKind[]): { marks: string; label: string } {
  const marks = marksOf(badges.includes("cloud") ? tile : { ...tile, cloud: null });
  const [first, ...others] = (badges.includes("labels") && tile.labels) || [];
  return { marks: marks.join(", "), label: first === undefined ? "" : others.length > 0 ? `${first} +${others.length}` : first };
}
