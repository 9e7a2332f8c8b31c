// What the host's machine is doing while this is looked at: processor, memory, GPUs, wait for data, disk, each with the last two minutes.
import { useEffect, useMemo, useState } from "react";
import type { HardwareSample } from "../../../shared/domain/hardware.ts";
import { feedWaitShare } from "../../../shared/domain/run-estimate.ts";
import { sparkline } from "../../../shared/figures/sparkline.ts";
import { Figure } from "../../components/Figure.tsx";
import { useFigureTheme } from "../../components/FigurePanel.tsx";
import { follow } from "../../state/follow.ts";
import { useHost } from "../../state/host.tsx";
import type { LiveRun } from "../../state/study-live.ts";
import { bytes, percent, rate } from "../../state/words.ts";
import classes from "./HardwareStrip.module.css";

/** Samples that are kept: two minutes. */
const KEPT = 80;
const SPARK_WIDTH = 56;

/** @param props.run whose steps are told; null while nothing is trained */
export function HardwareStrip({ run }: { run: LiveRun | null }) {
  const samples = useSamples();
  const last = samples.at(-1);
  if (!last) {
    return (
      <section className={classes.strip} aria-label="Hardware" aria-busy="true">
        <p className={classes.waiting}>Measuring the machine</p>
      </section>
    );
  }
  const waits = run?.state.curve.slice(-KEPT).map(({ feedWaitMs }) => feedWaitMs) ?? [];
  return (
    <section className={classes.strip} aria-label="Hardware">
      <Gauge
        name={`CPU, ${last.cores} cores`}
        value={`${percent(last.machineBusy)}`}
        more={`this app ${percent(last.ownBusy)}`}
        values={samples.map(({ machineBusy }) => machineBusy)}
        domain={WHOLE}
      />
      <Gauge
        name={`Memory, ${bytes(last.totalBytes)}`}
        value={percent(1 - last.freeBytes / last.totalBytes)}
        more={`this app ${bytes(last.ownBytes)}`}
        values={samples.map(({ freeBytes, totalBytes }) => 1 - freeBytes / totalBytes)}
        domain={WHOLE}
      />
      {last.gpus.map((gpu, i) => (
        <Gauge
          key={`${gpu.name} ${i}`}
          name={gpu.name}
          value={gpu.busy === null ? "not told" : percent(gpu.busy)}
          more={[
            gpu.usedBytes !== null && gpu.totalBytes !== null ? `${bytes(gpu.usedBytes)} of ${bytes(gpu.totalBytes)}` : null,
            gpu.watts === null ? null : `${gpu.watts.toFixed(0)} W`,
            gpu.celsius === null ? null : `${gpu.celsius} °C`,
          ]
            .filter(Boolean)
            .join(", ")}
          values={samples.map(({ gpus }) => gpus[i]?.busy ?? null)}
          domain={WHOLE}
        />
      ))}
      {run && (
        <Gauge
          name="Wait for data"
          value={waits.length > 0 ? `${rate(waits.at(-1)!)} ms a step` : "..."}
          more={waitWords(run)}
          values={waits}
          over="its last steps"
        />
      )}
      <Gauge
        name="Disk"
        value={
          last.readBytesPerSecond === null ? "rate not told" : `${bytes(last.readBytesPerSecond + (last.writtenBytesPerSecond ?? 0))}/s`
        }
        more={last.diskFreeBytes === null ? "" : `${bytes(last.diskFreeBytes)} free`}
        values={samples.map(({ readBytesPerSecond, writtenBytesPerSecond }) =>
          readBytesPerSecond === null ? null : readBytesPerSecond + (writtenBytesPerSecond ?? 0),
        )}
      />
    </section>
  );
}

const WHOLE: readonly [number, number] = [0, 1];

/** Of a step's time, what is spent waiting for its tiles. */
function waitWords({ state }: LiveRun): string {
  const share = feedWaitShare(state);
  return share === null ? "" : `${percent(share)} of a step`;
}

function useSamples(): readonly HardwareSample[] {
  const { connection, client } = useHost();
  const [samples, setSamples] = useState<readonly HardwareSample[]>([]);
  useEffect(
    () =>
      follow({
        connection,
        open: (signal) => client.app.hardware(undefined, { signal }),
        onValue: (sample) => setSamples((kept) => [...kept.slice(1 - KEPT), sample]),
      }),
    [connection, client],
  );
  return samples;
}

interface GaugeProps {
  readonly name: string;
  readonly value: string;
  readonly more: string;
  readonly values: readonly (number | null)[];
  readonly domain?: readonly [number, number];
  /** What the line goes over. */
  readonly over?: string;
}

function Gauge({ name, value, more, values, domain, over = "the last two minutes" }: GaugeProps) {
  const theme = useFigureTheme();
  const draw = useMemo(
    () => (width: number) => sparkline(values, { width, theme, label: `${name} over ${over}`, room: KEPT, ...(domain ? { domain } : {}) }),
    [values, theme, name, domain, over],
  );
  return (
    <div className={classes.gauge}>
      <span className={classes.name}>{name}</span>
      <div className={classes.line}>
        <Figure draw={draw} width={SPARK_WIDTH} />
        <div>
          <strong>{value}</strong>
          <span>{more}</span>
        </div>
      </div>
    </div>
  );
}
