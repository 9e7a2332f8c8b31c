// A process that claims what it is told to and says whether it won. Claims are kept until it is told to release them.
import { Claimer, type Lease } from "../../../electron/runs/lease.ts";

const claimer = new Claimer();
const leases = new Map<string, Lease>();

process.on("message", async (message: { kind: "claim" | "release"; folder: string }) => {
  if (message.kind === "release") {
    await leases.get(message.folder)?.release();
    process.send!({ folder: message.folder, isWinner: false });
    return;
  }
  const lease = await claimer.claim(message.folder);
  if (lease) leases.set(message.folder, lease);
  process.send!({ folder: message.folder, isWinner: lease !== undefined });
});
process.send!({ folder: "", isWinner: false });
