// The batch that is named when a larger one did not fit into the wasm engine's memory.
import { expect, test } from "vitest";
import { loadEngine } from "../../../electron/training/engines/select.ts";
import { fittingBatch } from "../../../electron/training/fitting-batch.ts";
import { RunConfig } from "../../../shared/domain/run-config.ts";

test("a fitting batch is even and smaller than the one that failed", async () => {
  await loadEngine("wasm");
  const config = RunConfig.parse({ version: 1, dataset: "noise", arm: "all", seed: 1, encoder: "small", pretrain: { batchSize: 17 } });
  expect(await fittingBatch(config, 16, new AbortController().signal)).toBe(16);
});
