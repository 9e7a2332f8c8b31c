// The label sets of a study: which classes make a tile positive.
import { ActionIcon, Button, MultiSelect, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { FinetuneSettings, LabelSetSchema } from "../../../../shared/domain/run-config.ts";
import { useHost } from "../../../state/host.tsx";
import { settingAt } from "../../../state/setting-fields.ts";
import type { DraftControl } from "../../../state/use-study-draft.ts";
import { counted } from "../../../state/words.ts";
import classes from "./CreateStudy.module.css";

const PATH = ["finetune", "labelSets"];

export function LabelSetsField({ draft, dataset, fault }: { draft: DraftControl; dataset: string; fault: string | undefined }) {
  const { queries } = useHost();
  const found = useQuery(queries.dataset.get.queryOptions({ input: { dataset } }));
  const present = found.data?.classes ?? [];
  const given = settingAt(draft.effective, PATH);
  // While it is being edited a set may be without classes: the schema refuses that below, the form does not.
  const sets = Array.isArray(given) ? given.map(readSet) : FinetuneSettings.parse({}).labelSets;
  const change = (next: readonly LabelSetInput[]) => draft.set(PATH, next);
  const replace = (at: number, part: Partial<LabelSetInput>) => change(sets.map((set, i) => (i === at ? { ...set, ...part } : set)));
  return (
    <div>
      <p className={classes.label}>Label sets</p>
      <p className={classes.help}>A tile is positive when it has one of the classes. F1 of an arm is the mean over the sets.</p>
      {sets.map((set, i) => {
        const missing = set.classes.filter((name) => !present.some((known) => known.name === name));
        return (
          <div key={i} className={classes.labelSet}>
            <TextInput
              aria-label={`Name of label set ${i + 1}`}
              value={set.name}
              onChange={(event) => replace(i, { name: event.currentTarget.value })}
            />
            <MultiSelect
              aria-label={`Classes of ${set.name}`}
              searchable
              hidePickedOptions
              data={[...new Set([...present.map(({ name }) => name), ...set.classes])]}
              value={[...set.classes]}
              onChange={(next) => replace(i, { classes: next })}
              error={set.classes.length === 0 ? "at least one class" : undefined}
              description={
                found.data && missing.length > 0
                  ? `${counted(missing.length, "class", "classes")} not in this data set: ${missing.join(", ")}`
                  : undefined
              }
            />
            <ActionIcon
              aria-label={`Remove the label set ${set.name}`}
              disabled={sets.length === 1}
              onClick={() => change(sets.filter((_, at) => at !== i))}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </div>
        );
      })}
      {fault && <p className={classes.help}>{fault}</p>}
      <Button
        variant="default"
        size="compact-xs"
        leftSection={<IconPlus size={13} />}
        onClick={() => change([...sets, { name: `set ${sets.length + 1}`, classes: present[0] ? [present[0].name] : [] }])}
      >
        Add a label set
      </Button>
    </div>
  );
}

interface LabelSetInput {
  readonly name: string;
  readonly classes: readonly string[];
}

function readSet(value: unknown): LabelSetInput {
  const parsed = LabelSetSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const loose = value as Partial<LabelSetInput> | null;
  return { name: String(loose?.name ?? ""), classes: Array.isArray(loose?.classes) ? loose.classes.map(String) : [] };
}
