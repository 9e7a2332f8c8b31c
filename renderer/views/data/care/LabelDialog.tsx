// Labels for tiles from a file of the user's, or tiles out of use by a list. Tried out first; applied when the outcome is agreed to.
import { Button, Checkbox, Group, Modal, NumberInput, Radio, SegmentedControl, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { type Dataset, tilesInUse } from "../../../../shared/domain/dataset.ts";
import { DEFAULT_MINIMUM_SHARE, type LabelReport, type LabelRequest } from "../../../../shared/domain/labelling.ts";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { PathField } from "../../../components/PathField.tsx";
import { errorText } from "../../../state/errors.ts";
import { useHost } from "../../../state/host.tsx";
import { useWork } from "../../../state/work.ts";
import classes from "./Care.module.css";
import { LabelOutcome } from "./LabelOutcome.tsx";
import { EMPTY_FORM, type LabelForm, requestOf } from "./label-form.ts";
import { WorkProgress } from "./WorkProgress.tsx";

const KINDS: Readonly<Record<LabelForm["kind"], { title: string; file: string; help: string }>> = {
  csv: {
    title: "CSV",
    file: "CSV file",
    help: "A row a tile: its id, and labels separated by ; or |, or a column of 0 and 1 for each class.",
  },
  vector: {
    title: "Polygons",
    file: "GeoJSON, GeoPackage, Shapefile (.shp), or a zip with one",
    help: "A tile gets the classes of the polygons that cover enough of it.",
  },
  exclude: {
    title: "Exclusion list",
    file: "List of tiles",
    help: "One id a line, as BigEarthNet's lists: no run uses these tiles from then on.",
  },
};

export function LabelDialog({ dataset, onClose }: { dataset: Dataset; onClose: () => void }) {
  const { client, queries, queryClient } = useHost();
  const [form, setForm] = useState(EMPTY_FORM);
  const [tried, setTried] = useState<string | null>(null);
  const trial = useWork<LabelReport>();
  const applied = useWork<LabelReport>();
  const hasSome = form.kind === "exclude" ? tilesInUse(dataset) < dataset.tiles : dataset.classes.length > 0;
  const request = requestOf(form, hasSome);
  const isTried = request !== null && tried === JSON.stringify(request);
  const change = (changes: Partial<LabelForm>) => setForm((now) => ({ ...now, ...changes }));
  const [attributes, setAttributes] = useState<readonly string[] | null>(null);
  useEffect(() => {
    if (trial.state.kind === "failed") setAttributes(attributesOf(trial.state.error));
  }, [trial.state]);
  const attempt = () => {
    if (!request) return;
    setTried(JSON.stringify(request));
    trial.start((signal) => client.dataset.label({ dataset: dataset.name, ...request, dryRun: true }, { signal }));
  };
  const apply = (wanted: LabelRequest) =>
    applied.start((signal) => client.dataset.label({ dataset: dataset.name, ...wanted, dryRun: false }, { signal }));
  const close = () => {
    if (applied.state.kind === "done") void queryClient.invalidateQueries({ queryKey: queries.dataset.key() });
    onClose();
  };
  if (applied.state.kind === "done")
    return (
      <Modal opened onClose={close} size="lg" title={`Labels of ${dataset.name}`}>
        <Stack gap="sm">
          <LabelOutcome report={applied.state.report} before={dataset.classes} isTrial={false} />
          <Group justify="flex-end">
            <Button onClick={close}>Close</Button>
          </Group>
        </Stack>
      </Modal>
    );
  return (
    <Modal opened onClose={onClose} size="lg" title={`Label or exclude tiles of ${dataset.name}`}>
      <Stack gap="sm">
        <SegmentedControl
          aria-label="Labels from"
          data={Object.entries(KINDS).map(([value, { title }]) => ({ value, label: title }))}
          value={form.kind}
          onChange={(kind) => {
            trial.stop();
            setAttributes(null);
            setForm({ ...EMPTY_FORM, kind: kind as LabelForm["kind"] });
          }}
        />
        <p className={classes.muted}>{KINDS[form.kind].help}</p>
        <PathField what="file" label={KINDS[form.kind].file} value={form.path} onChange={(path) => change({ path })} onSubmit={attempt} />
        {form.kind === "csv" && (
          <TextInput
            label="Column with the tiles' ids"
            w={240}
            placeholder="found by its name"
            value={form.idColumn}
            onChange={(event) => change({ idColumn: event.currentTarget.value })}
          />
        )}
        {form.kind === "vector" && <VectorFields form={form} attributes={attributes} onChange={change} />}
        {hasSome && (
          <Radio.Group
            label={form.kind === "exclude" ? "The data set leaves tiles out of use already" : "The data set has labels already"}
            value={form.mode}
            onChange={(mode) => change({ mode: mode === "add" ? "add" : "replace" })}
          >
            <Group gap="md" mt={4}>
              <Radio size="xs" value="add" label="add to them" />
              <Radio size="xs" value="replace" label="replace them: tiles that the file does not tell of lose theirs" />
            </Group>
          </Radio.Group>
        )}
        {form.kind !== "exclude" && (
          <Checkbox
            label="The file tells of every tile: the others have none of its classes, instead of being unlabelled"
            checked={form.isComplete}
            onChange={(event) => change({ isComplete: event.currentTarget.checked })}
          />
        )}
        {trial.state.kind === "running" && (
          <WorkProgress label="Trying the labels out" doing="Trying" unit="tile" {...trial.state} onCancel={trial.stop} />
        )}
        {trial.state.kind === "failed" && isTried && (attributes === null || form.attribute !== "") && (
          <ErrorNote error={trial.state.error} />
        )}
        {trial.state.kind === "failed" && attributes !== null && form.attribute === "" && (
          <p role="status">Choose the attribute that holds the class, and try again.</p>
        )}
        {trial.state.kind === "done" && isTried && <LabelOutcome report={trial.state.report} before={dataset.classes} isTrial />}
        {applied.state.kind === "running" && (
          <WorkProgress label="Labelling" doing="Labelling" unit="tile" {...applied.state} onCancel={applied.stop} />
        )}
        {applied.state.kind === "failed" && <ErrorNote error={applied.state.error} />}
        <Group justify="flex-end" className={classes.actions ?? ""}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            variant={isTried && trial.state.kind === "done" ? "default" : "filled"}
            disabled={request === null || applied.state.kind === "running"}
            loading={trial.state.kind === "running"}
            onClick={attempt}
          >
            Try it out
          </Button>
          {isTried && trial.state.kind === "done" && (
            <Button loading={applied.state.kind === "running"} onClick={() => apply(request)}>
              Apply
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

interface VectorFieldsProps {
  readonly form: LabelForm;
  /** Attributes of the file; null before they are known. */
  readonly attributes: readonly string[] | null;
  readonly onChange: (changes: Partial<LabelForm>) => void;
}

function VectorFields({ form, attributes, onChange }: VectorFieldsProps) {
  return (
    <>
      <Group align="flex-start" gap="sm">
        {attributes !== null && attributes.length > 0 ? (
          <Select
            label="Attribute with the class"
            w={220}
            placeholder="choose"
            data={[...attributes]}
            value={form.attribute || null}
            onChange={(attribute) => onChange({ attribute: attribute ?? "" })}
          />
        ) : (
          <TextInput
            label="Attribute with the class"
            w={220}
            placeholder="left out: they are listed"
            value={form.attribute}
            onChange={(event) => onChange({ attribute: event.currentTarget.value })}
          />
        )}
        <TextInput
          label="Layer"
          w={150}
          placeholder="the only one"
          value={form.layer}
          onChange={(event) => onChange({ layer: event.currentTarget.value })}
        />
        <NumberInput
          label="Least share of a tile, %"
          w={180}
          min={0.1}
          max={100}
          value={form.sharePercent}
          onChange={(value) => onChange({ sharePercent: typeof value === "number" && value > 0 ? value : 100 * DEFAULT_MINIMUM_SHARE })}
        />
      </Group>
      <Textarea
        label="Class of each value, VALUE=CLASS a line"
        description="Other values are classes themselves; VALUE= leaves its polygons out."
        autosize
        minRows={2}
        maxRows={8}
        size="xs"
        spellCheck={false}
        value={form.map}
        onChange={(event) => onChange({ map: event.currentTarget.value })}
      />
    </>
  );
}

/** The attributes that an error names; null: it names none. */
function attributesOf(error: unknown): readonly string[] | null {
  const { attributes } = errorText(error).data;
  return Array.isArray(attributes) ? attributes.filter((name): name is string => typeof name === "string") : null;
}
