// What the host's doctor found: the engine, why no better one, what to do.
import { Badge, Loader, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { EngineInfo } from "../../shared/domain/engine.ts";
import { ErrorNote } from "../components/ErrorNote.tsx";
import { useHost } from "../state/host.tsx";

const COLOURS = { ok: "var(--good)", missing: "var(--warning-text)", problem: "var(--failure)", info: "var(--text-muted)" } as const;

export function EngineChecks({ engine, version }: { engine: EngineInfo; version: string }) {
  const { queries } = useHost();
  const report = useQuery(queries.app.doctor.queryOptions({ staleTime: Number.POSITIVE_INFINITY }));
  return (
    <Stack gap="xs">
      <div>
        <strong>
          {engine.name} {engine.version} on {engine.device.toUpperCase()}
        </strong>
        {engine.reason && <p>A faster engine is not used: {engine.reason}</p>}
      </div>
      {report.isPending && <Loader size="xs" />}
      {report.error && <ErrorNote error={report.error} />}
      {report.data?.checks.map((check) => (
        <div key={check.name}>
          <Badge variant="outline" color={COLOURS[check.status]} c={COLOURS[check.status]} mr={6}>
            {check.status}
          </Badge>
          <strong>{check.name}</strong>
          <p>{check.detail}</p>
          {check.advice && <p>{check.advice}</p>}
        </div>
      ))}
      <small>SimCLR-S2 Studio {version}</small>
    </Stack>
  );
}
