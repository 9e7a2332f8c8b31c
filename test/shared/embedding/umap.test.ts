import { UMAP } from "umap-js";
import { describe, expect, it } from "vitest";
import { Random } from "../../../shared/domain/random.ts";
import { exactNeighbours } from "../../../shared/embedding/neighbours.ts";
import { fitPca, projectRows } from "../../../shared/embedding/pca.ts";
import { pictureQuality } from "../../../shared/embedding/quality.ts";
import { curveOf, umapGraph, umapLayout } from "../../../shared/embedding/umap.ts";
import { madeFeatures } from "./made-features.ts";

const data = madeFeatures({ rows: 160, columns: 10, groups: 4, spread: 0.35 });
const neighbours = exactNeighbours(data, 14);
const graph = umapGraph(neighbours);
const initial = projectRows(data, fitPca(data, 2));
const layout = (seed: number) => umapLayout(graph, { minDistance: 0.1, seed, initial, epochs: 200 });

describe("the curve of UMAP", () => {
  // umap-learn 0.5: umap.umap_.find_ab_params(1.0, d) -> 1.577, 0.895 for 0.1; 0.583, 1.334 for 0.5
  it.each([
    [0.1, 1.577, 0.895],
    [0.5, 0.583, 1.334],
  ])("for a least distance of %d is umap-learn's", (minDistance, a, b) => {
    expect(curveOf(minDistance).a).toBeCloseTo(a, 2);
    expect(curveOf(minDistance).b).toBeCloseTo(b, 2);
  });
});

describe("the graph of UMAP", () => {
  it("goes both ways with one weight, and joins each point fully to its nearest", () => {
    const weights = new Map<string, number>();
    for (const [e, from] of graph.from.entries()) weights.set(`${from} ${graph.to[e]}`, graph.weights[e]!);
    expect(weights.size).toBe(graph.from.length);
    for (const [edge, weight] of weights) {
      expect(weights.get(edge.split(" ").reverse().join(" "))).toBe(weight);
      expect(weight > 0 && weight <= 1).toBe(true);
    }
    for (let i = 0; i < data.rows; i++) expect(weights.get(`${i} ${neighbours.indices[i * 14]}`)).toBe(1);
  });
});

describe("the layout of UMAP", () => {
  it("repeats for a seed, and differs for another", () => {
    const first = layout(1);
    expect(layout(1).values).toEqual(first.values);
    expect(layout(2).values).not.toEqual(first.values);
    expect(first.values.every(Number.isFinite)).toBe(true);
  });

  it("keeps as many neighbours as umap-js does, and groups apart", () => {
    const random = Random.of("umap-js");
    const peer = new UMAP({ nNeighbors: 15, minDist: 0.1, nEpochs: 200, random: () => random.next() });
    const rows = Array.from({ length: data.rows }, (_, i) => [...data.values.subarray(i * data.columns, (i + 1) * data.columns)]);
    const theirs = { rows: data.rows, columns: 2, values: Float32Array.from(peer.fit(rows).flat()) };
    const [own, other] = [layout(1), theirs].map((picture) => pictureQuality(data, picture, data.codes, 10)) as [
      ReturnType<typeof pictureQuality>,
      ReturnType<typeof pictureQuality>,
    ];
    expect(own.kept).toBeGreaterThan(other.kept - 0.05);
    expect(own.picture.accuracy).toBeGreaterThan(0.95);
  });
});
