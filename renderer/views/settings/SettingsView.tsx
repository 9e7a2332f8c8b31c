// Settings, each kept as soon as it is changed; what this machine has for training; where things lie; the keyboard.
import { Badge, Button, Loader, Select, Table } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { ENCODERS, type EncoderName } from "../../../shared/domain/run-config.ts";
import { AppSettings, type SettingsChange } from "../../../shared/domain/settings.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { SettingField } from "../../components/SettingField.tsx";
import { EngineChecks } from "../../frame/EngineChecks.tsx";
import { KEYS } from "../../frame/Rail.tsx";
import { errorText } from "../../state/errors.ts";
import { useHost, useSettings } from "../../state/host.tsx";
import { type Field, fieldsOf } from "../../state/setting-fields.ts";
import { bytes, rate } from "../../state/words.ts";
import classes from "./SettingsView.module.css";

const GROUPS: readonly { readonly title: string; readonly keys: readonly (keyof AppSettings)[] }[] = [
  { title: "Window", keys: ["appearance", "reopen"] },
  { title: "While something runs", keys: ["notifications", "keepAwake", "onClose"] },
  { title: "Computing", keys: ["engine", "precision", "threads", "gpus"] },
];

export default function SettingsView() {
  const { queries } = useHost();
  const known = useSettings();
  const info = useQuery(queries.app.info.queryOptions({ staleTime: Number.POSITIVE_INFINITY }));
  const fields = useMemo(() => new Map(fieldsOf(AppSettings).fields.map((field) => [field.key, field])), []);
  return (
    <div className={classes.page}>
      <div className={classes.column}>
        <h2>Settings</h2>
        {!known && <Loader size="sm" />}
        {known &&
          GROUPS.map(({ title, keys }) => (
            <section key={title} aria-label={title}>
              <h3>{title}</h3>
              <div className={classes.fields}>
                {keys.map((key) => (
                  <Setting key={key} field={fields.get(key)!} value={known.settings[key]} isWaiting={known.restart.includes(key)} />
                ))}
              </div>
            </section>
          ))}
        <section aria-label="Keyboard">
          <h3>Keyboard</h3>
          <Table verticalSpacing={4} horizontalSpacing="xs" withRowBorders={false}>
            <Table.Tbody>
              {KEYS.map(([key, what]) => (
                <Table.Tr key={key}>
                  <Table.Td className={classes.key}>{key}</Table.Td>
                  <Table.Td>{what}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </section>
      </div>
      <div className={classes.column}>
        <section aria-label="This machine">
          <h2>This machine</h2>
          {info.isPending && <Loader size="sm" />}
          {info.error && <ErrorNote error={info.error} onRetry={() => void info.refetch()} />}
          {info.data && <EngineChecks engine={info.data.engine} version={info.data.version} />}
        </section>
        <Speed />
        <Storage />
      </div>
    </div>
  );
}

function Setting({ field, value, isWaiting }: { field: Field; value: unknown; isWaiting: boolean }) {
  const { client } = useHost();
  // Shown at once; the host's own value follows, or its refusal stands beside the field.
  const [draft, setDraft] = useState<{ readonly value: unknown } | null>(null);
  const change = useMutation({
    mutationFn: (next: unknown) => client.settings.change({ [field.key]: next } as SettingsChange),
    // What was typed meanwhile stays.
    onSuccess: (_, told) => setDraft((now) => (now?.value === told ? null : now)),
  });
  return (
    <div>
      <SettingField
        field={field}
        value={draft ? draft.value : value}
        onChange={(next) => {
          setDraft({ value: next });
          change.mutate(next);
        }}
        error={change.error ? errorText(change.error).message : undefined}
      />
      {isWaiting && (
        <p className={classes.restart} role="status">
          Counts when the application is started again.
        </p>
      )}
    </div>
  );
}

/** Side of the measured input, px: BigEarthNet's patch. */
const MEASURED_PIXELS = 120;

function Speed() {
  const { client } = useHost();
  const [encoder, setEncoder] = useState<EncoderName>("resnet18");
  const measure = useMutation({ mutationFn: () => client.app.measure({ encoder, pixels: MEASURED_PIXELS }) });
  return (
    <section aria-label="Speed">
      <h3>Speed</h3>
      <div className={classes.speed}>
        <Select
          label="Encoder"
          w={160}
          data={[...ENCODERS]}
          value={encoder}
          onChange={(next) => {
            measure.reset();
            setEncoder(next as EncoderName);
          }}
        />
        <Button variant="default" loading={measure.isPending} onClick={() => measure.mutate()}>
          Measure a few steps
        </Button>
        <output>
          {measure.data &&
            (measure.data.viewsPerSecond === null
              ? "A step does not fit into the memory."
              : `${rate(measure.data.viewsPerSecond)} views/s`)}
        </output>
      </div>
      <p className={classes.help}>Pretraining steps of 32 tiles of 120 px with ten bands. Takes some seconds; best while nothing runs.</p>
      {measure.error && <ErrorNote error={measure.error} />}
    </section>
  );
}

function Storage() {
  const { queries } = useHost();
  const storage = useQuery(queries.settings.storage.queryOptions({ staleTime: 0 }));
  return (
    <section aria-label="On the disk">
      <h3>On the disk</h3>
      {storage.isPending && <Loader size="sm" />}
      {storage.error && <ErrorNote error={storage.error} onRetry={() => void storage.refetch()} />}
      <dl className={classes.storage}>
        {storage.data?.map((place) => (
          <div key={place.name}>
            <dt>
              {place.name}
              <Badge variant="default">{place.bytes === null ? "nothing yet" : bytes(place.bytes)}</Badge>
            </dt>
            <dd>{place.path}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
