// The settings of a study, every field from the schema: the few that matter first, the others folded.
import { Accordion, Select, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { PRESET_NAMES, PRESETS, StudyConfig } from "../../../../shared/domain/run-config.ts";
import { capitalised, SettingField } from "../../../components/SettingField.tsx";
import { useWorkspace } from "../../../state/host.tsx";
import { type Field, type FieldGroup, fieldsOf, settingAt } from "../../../state/setting-fields.ts";
import type { DraftControl } from "../../../state/use-study-draft.ts";
import classes from "./CreateStudy.module.css";
import { LabelSetsField } from "./LabelSetsField.tsx";

export interface SettingsFormProps {
  readonly draft: DraftControl;
  readonly dataset: string;
  /** Fault of each field by its path, with dots. */
  readonly faults: ReadonlyMap<string, string>;
  readonly nameFault: string | null;
}

/** Shown unfolded. */
const MAIN = [
  "seeds",
  "encoder",
  "inputPixels",
  "pretrain.epochs",
  "pretrain.batchSize",
  "pretrain.tiles",
  "finetune.mode",
  "finetune.percents",
  "finetune.labelDraws",
];
/** Edited elsewhere: data set and arms have their own places, operations have sliders. */
const ELSEWHERE = ["dataset", "arms", "augmentation", "finetune.labelSets"];

/** Names that stand without their group. */
const NAMES: Readonly<Record<string, string>> = {
  inputPixels: "input side, px",
  "pretrain.tiles": "pretraining tiles",
  "finetune.mode": "fine-tuning",
  "finetune.percents": "label percents",
};

const GROUP_TITLES: Readonly<Record<string, string>> = {
  "": "Engine and input",
  pretrain: "Pretraining",
  finetune: "Fine-tuning and split",
  full: "Second stage",
};

export function SettingsForm({ draft, dataset, faults, nameFault }: SettingsFormProps) {
  const workspace = useWorkspace();
  const root = useMemo(() => fieldsOf(StudyConfig), []);
  const all = useMemo(() => everyField(root), [root]);
  const main = MAIN.flatMap((path) => all.filter((field) => field.path.join(".") === path));
  const { name, preset } = draft.draft;
  const setting = (field: Field) => (
    <SettingField
      key={field.path.join(".")}
      field={{ ...field, label: NAMES[field.path.join(".")] ?? field.label }}
      value={settingAt(draft.effective, field.path) ?? field.fallback}
      onChange={(value) => draft.set(field.path, value)}
      error={faultOf(field, faults)}
    />
  );
  const groups: readonly FieldGroup[] = [{ ...root, groups: [] }, ...root.groups];
  return (
    <>
      <div className={classes.grid}>
        <TextInput
          label="Name"
          placeholder="couplets-3pct"
          data-autofocus
          value={name}
          error={nameFault}
          onChange={(event) => draft.setName(event.currentTarget.value.trim())}
        />
        <Select
          label="Data set"
          value={dataset}
          data={(workspace?.datasets ?? []).filter(({ complete }) => complete).map((found) => found.name)}
          onChange={(value) => draft.set(["dataset"], value)}
        />
        <Select
          label="Preset"
          value={preset ?? "none"}
          data={[...PRESET_NAMES, { value: "none", label: "none: the schema's defaults" }]}
          onChange={(value) => draft.setPreset(PRESET_NAMES.find((known) => known === value) ?? null)}
        />
        <p className={`${classes.help} ${classes.wide}`}>
          {preset ? capitalised(PRESETS[preset].description) : "Every setting at its default."}
        </p>
        {main.map(setting)}
      </div>
      <div className={classes.advanced}>
        <LabelSetsField draft={draft} dataset={dataset} fault={faults.get("finetune.labelSets")} />
      </div>
      <Accordion className={classes.advanced} variant="separated" multiple chevronPosition="left">
        {groups.map((group) => {
          const fields = group.fields.filter((field) => !MAIN.includes(field.path.join(".")) && !ELSEWHERE.includes(field.path.join(".")));
          if (fields.length === 0) return null;
          const faulty = fields.filter((field) => faultOf(field, faults) !== undefined).length;
          return (
            <Accordion.Item key={group.key} value={group.key === "" ? "general" : group.key}>
              <Accordion.Control>
                {GROUP_TITLES[group.key] ?? capitalised(group.label)}
                {faulty > 0 && `: ${faulty} to correct`}
              </Accordion.Control>
              <Accordion.Panel>
                <div className={classes.grid}>{fields.map(setting)}</div>
              </Accordion.Panel>
            </Accordion.Item>
          );
        })}
      </Accordion>
    </>
  );
}

const everyField = (group: FieldGroup): Field[] => [...group.fields, ...group.groups.flatMap(everyField)];

/** The fault of a field, or of a part of it. */
function faultOf(field: Field, faults: ReadonlyMap<string, string>): string | undefined {
  const path = field.path.join(".");
  return faults.get(path) ?? [...faults].find(([key]) => key.startsWith(`${path}.`))?.[1];
}
