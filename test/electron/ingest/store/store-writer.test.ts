import { expect, it } from "vitest";
import { StoreWriter } from "../../../../electron/ingest/store/store-writer.ts";
import type { BandGroup } from "../../../../shared/domain/dataset.ts";
import { temporaryFolder } from "../made-files.ts";

const GROUPS: BandGroup[] = [
  { name: "10m", pixels: 4, bands: ["B04"] },
  { name: "20m", pixels: 2, bands: ["B11"] },
];

it("fails only when no write is under way any more, so that what is cut off stays cut off", async () => {
  let finishSlowWrite = () => {};
  const slowWrite = new Promise<void>((resolve) => {
    finishSlowWrite = resolve;
  });
  const openFile = async (path: string) =>
    ({
      write: async (_: Uint8Array, __: number, length: number) => {
        if (path.includes("10m")) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
        await slowWrite;
        return { bytesWritten: length };
      },
      close: async () => {},
    }) as never;
  const writer = new StoreWriter(temporaryFolder(), GROUPS, openFile);
  await writer.start();
  let hasFailed = false;
  const appending = writer.append([new Uint16Array(16), new Uint16Array(4)], 1).finally(() => {
    hasFailed = true;
  });
  const outcome = expect(appending).rejects.toMatchObject({ code: "DISK_FULL" });
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(hasFailed).toBe(false);
  finishSlowWrite();
  await outcome;
  await writer.close();
});
