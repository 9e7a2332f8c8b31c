// The nine operations in their two families: which are drawn, within which ranges, and what to watch out for.
import { Checkbox, SegmentedControl, UnstyledButton } from "@mantine/core";
import { IconRotate } from "@tabler/icons-react";
import { useMemo } from "react";
import {
  type AugmentationName,
  type Family,
  GEOMETRIC_AUGMENTATIONS,
  PhysicalParameters,
  PIXEL_AUGMENTATIONS,
  PublishedParameters,
} from "../../../shared/domain/augmentations.ts";
import { Warning } from "../../components/Warning.tsx";
import { fieldsOf, settingAt } from "../../state/setting-fields.ts";
import type { DraftControl } from "../../state/use-study-draft.ts";
import view from "./AugmentationsView.module.css";
import classes from "./OperationPanel.module.css";
import { ParameterSlider } from "./ParameterSlider.tsx";
import type { Preview } from "./preview.ts";

export interface OperationPanelProps {
  readonly draft: DraftControl;
  /** Those that are on in the preview. */
  readonly operations: readonly AugmentationName[];
  readonly onOperations: (operations: readonly AugmentationName[]) => void;
  readonly warnings: Preview["warnings"];
}

const FAMILIES: readonly { readonly family: Family; readonly title: string; readonly names: readonly AugmentationName[] }[] = [
  { family: "geometric", title: "Geometric", names: GEOMETRIC_AUGMENTATIONS },
  { family: "pixel", title: "Pixel", names: PIXEL_AUGMENTATIONS },
];

const PROFILE_HELP = {
  physical: "Every draw is a scene that Sentinel-2 could have seen.",
  published:
    "The study's own operations, defects included: gain flips the sign of half its draws, speckle sets pixels to ±5 standard deviations.",
} as const;

export function OperationPanel({ draft, operations, onOperations, warnings }: OperationPanelProps) {
  const toggle = (name: AugmentationName) =>
    onOperations(operations.includes(name) ? operations.filter((other) => other !== name) : [...operations, name]);
  return (
    <section className={`${view.panel} ${view.left}`} aria-label="Operations">
      <div className={view.head}>
        <h2>Operations</h2>
      </div>
      <div className={classes.profile}>
        <SegmentedControl
          aria-label="Parameter profile"
          fullWidth
          value={draft.profile}
          onChange={(value) => draft.setProfile(value === "published" ? "published" : "physical")}
          data={[
            { value: "physical", label: "physical" },
            { value: "published", label: "published" },
          ]}
        />
        <p>{PROFILE_HELP[draft.profile]}</p>
      </div>
      {FAMILIES.map(({ family, title, names }) => (
        <fieldset key={family} className={classes.family}>
          <legend>
            <span className={classes.mark} data-family={family} aria-hidden />
            {title}
          </legend>
          {names.map((name) => (
            <Operation
              key={name}
              name={name}
              draft={draft}
              isOn={operations.includes(name)}
              onToggle={() => toggle(name)}
              warnings={warnings.filter(({ operation }) => operation === name).map(({ message }) => message)}
            />
          ))}
        </fieldset>
      ))}
    </section>
  );
}

interface OperationProps {
  readonly name: AugmentationName;
  readonly draft: DraftControl;
  readonly isOn: boolean;
  readonly onToggle: () => void;
  readonly warnings: readonly string[];
}

function Operation({ name, draft, isOn, onToggle, warnings }: OperationProps) {
  const { profile, augmentation } = draft;
  const fields = useMemo(() => {
    const parameters = fieldsOf(profile === "physical" ? PhysicalParameters : PublishedParameters);
    return parameters.groups.find(({ key }) => key === name)?.fields ?? [];
  }, [profile, name]);
  const isChanged = settingAt(augmentation.parameters, [name]) !== undefined;
  return (
    <div className={classes.operation} data-on={isOn || undefined}>
      <div className={classes.head}>
        <Checkbox label={name} checked={isOn} onChange={onToggle} classNames={{ label: classes.name }} />
        {isChanged && (
          <UnstyledButton className={classes.reset} title="Back to the profile's ranges" onClick={() => draft.resetOperation(name)}>
            <IconRotate size={13} aria-hidden /> reset
          </UnstyledButton>
        )}
      </div>
      {isOn && (
        <div className={classes.parameters}>
          {fields.map((field) => (
            <ParameterSlider
              key={`${profile} ${field.key}`}
              field={field}
              operation={name}
              value={settingAt(augmentation.parameters, field.path) ?? field.fallback}
              onChange={(value) => draft.setParameter(name, field.key, value)}
            />
          ))}
          {[...new Set(warnings)].map((message) => (
            <Warning key={message}>{message}</Warning>
          ))}
        </div>
      )}
    </div>
  );
}
