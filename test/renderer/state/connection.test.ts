// The lasting connection over a door made by hand: it comes back, and no call waits for ever.
import type { ClientLink } from "@orpc/client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, HostUnreachable } from "../../../renderer/state/connection.ts";
import { type Channel, type Door, HostReplaced } from "../../../renderer/state/doors.ts";
import { follow } from "../../../renderer/state/follow.ts";

type Call = ClientLink<Record<never, never>>["call"];

/** A door that opens when told; each channel can be broken. */
function doorOf(call: Call) {
  const opened: { close(): void }[] = [];
  let isHostThere = true;
  const door: Door = {
    kind: "browser",
    canReopen: true,
    async open() {
      if (!isHostThere) throw new Error("refused");
      let close: () => void = () => {};
      const closed = new Promise<void>((resolve) => {
        close = resolve;
      });
      const channel: Channel = { link: { call }, closed, close };
      opened.push(channel);
      return channel;
    },
  };
  return {
    door,
    opened,
    setHost: (isThere: boolean) => {
      isHostThere = isThere;
    },
  };
}

const workspace = { path: "/w", datasets: [], studies: [] };

describe("the connection to the host", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("makes a call as soon as the door is open", async () => {
    const { door } = doorOf(async () => workspace);
    const connection = connect(door);
    expect(await connection.client.workspace.get()).toEqual(workspace);
    expect(connection.getState()).toEqual({ kind: "connected" });
    connection.close();
  });

  it("opens the door again with growing pauses, and tells when it will try", async () => {
    const { door, opened, setHost } = doorOf(async () => workspace);
    const connection = connect(door);
    await vi.advanceTimersByTimeAsync(0);
    setHost(false);
    opened[0]!.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.getState()).toEqual({ kind: "disconnected", retryAt: Date.now() + 500 });
    await vi.advanceTimersByTimeAsync(500);
    expect(connection.getState()).toEqual({ kind: "disconnected", retryAt: Date.now() + 1000 });
    setHost(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(connection.getState()).toEqual({ kind: "connected" });
    connection.close();
  });

  it("stops trying a host that was started anew, whose secret it does not have", async () => {
    const { door, opened } = doorOf(async () => workspace);
    let isReplaced = false;
    const connection = connect({ ...door, open: (signal) => (isReplaced ? Promise.reject(new HostReplaced()) : door.open(signal)) });
    await vi.advanceTimersByTimeAsync(0);
    isReplaced = true;
    opened[0]!.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connection.getState()).toEqual({ kind: "disconnected", retryAt: null });
    expect(opened).toHaveLength(1);
    connection.close();
  });

  it("tries at once when asked to", async () => {
    const { door, opened } = doorOf(async () => workspace);
    const connection = connect(door);
    await vi.advanceTimersByTimeAsync(0);
    opened[0]!.close();
    await vi.advanceTimersByTimeAsync(0);
    connection.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.getState()).toEqual({ kind: "connected" });
    connection.close();
  });

  it("refuses a call that waited too long for a host, instead of keeping it for ever", async () => {
    const { door, setHost } = doorOf(async () => workspace);
    setHost(false);
    const connection = connect(door);
    const call = expect(connection.client.workspace.get()).rejects.toBeInstanceOf(HostUnreachable);
    await vi.advanceTimersByTimeAsync(15_000);
    await call;
    connection.close();
  });

  it("takes a connection for broken that no longer answers", async () => {
    let isAnswering = true;
    const { door, opened } = doorOf((_path, _input, { signal }) =>
      isAnswering ? Promise.resolve(workspace) : new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    );
    const connection = connect(door);
    await vi.advanceTimersByTimeAsync(16_000);
    expect(opened).toHaveLength(1);
    isAnswering = false;
    await vi.advanceTimersByTimeAsync(60_000);
    isAnswering = true;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(opened.length).toBeGreaterThan(1);
    connection.close();
  });

  it("follows a stream again after an interruption", async () => {
    let subscriptions = 0;
    const { door, opened } = doorOf(async () => {
      subscriptions++;
      const broken = opened.at(-1)! as Channel;
      return (async function* () {
        yield { ...workspace, path: `/${subscriptions}` };
        await broken.closed;
        throw new Error("the connection is lost");
      })();
    });
    const connection = connect(door);
    const seen: string[] = [];
    const stop = follow({
      connection,
      open: (signal) => connection.client.workspace.watch(undefined, { signal }),
      onValue: ({ path }) => seen.push(path),
    });
    await vi.advanceTimersByTimeAsync(0);
    opened[0]!.close();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(seen).toEqual(["/1", "/2"]);
    stop();
    connection.close();
  });
});
