// The nine operations in their two families: which are drawn, within which ranges, and what to watch out for.
import { Checkbox, UnstyledButton } from "@mantine/core";
import { IconRotate } from "@tabler/icons-react";
import { memo, useMemo } from "react";
import {
  type AugmentationName,
  AugmentationSettings,
  type Family,
  GEOMETRIC_AUGMENTATIONS,
  PhysicalParameters,
  PIXEL_AUGMENTATIONS,
  PublishedParameters,
} from "../../../shared/domain/augmentations.ts";
import { type ParameterWarning, parameterWarnings } from "../../../shared/domain/parameter-warnings.ts";
import { Warning } from "../../components/Warning.tsx";
import { useProfiles } from "../../state/profiles.ts";
import { fieldsOf, isSettings, settingAt } from "../../state/setting-fields.ts";
import type { DraftControl } from "../../state/use-study-draft.ts";
import view from "./AugmentationsView.module.css";
import classes from "./OperationPanel.module.css";
import { ParameterSlider } from "./ParameterSlider.tsx";
import { ProfileBar } from "./ProfileBar.tsx";
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

export const OperationPanel = memo(function OperationPanel({ draft, operations, onOperations, warnings }: OperationPanelProps) {
  const profiles = useProfiles(draft);
  const settings = AugmentationSettings.safeParse(draft.augmentation).data;
  const fixed = useMemo(() => (settings ? parameterWarnings(settings) : []), [settings]);
  const toggle = (name: AugmentationName) =>
    onOperations(operations.includes(name) ? operations.filter((other) => other !== name) : [...operations, name]);
  return (
    <section className={`${view.panel} ${view.left}`} aria-label="Operations">
      <div className={view.head}>
        <h2>Operations</h2>
      </div>
      <ProfileBar draft={draft} profiles={profiles} />
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
              base={profiles.base.parameters[name]}
              isOn={operations.includes(name)}
              onToggle={() => toggle(name)}
              fixed={fixed.filter(({ operation }) => operation === name)}
              warnings={[...new Set(warnings.filter(({ operation }) => operation === name).map(({ message }) => message))]}
            />
          ))}
        </fieldset>
      ))}
    </section>
  );
});

interface OperationProps {
  readonly name: AugmentationName;
  readonly draft: DraftControl;
  /** Its parameters in the profile. */
  readonly base: unknown;
  readonly isOn: boolean;
  readonly onToggle: () => void;
  /** Of its parameters, whatever the tile. */
  readonly fixed: readonly ParameterWarning[];
  /** Of what was drawn on the tile. */
  readonly warnings: readonly string[];
}

function Operation({ name, draft, base, isOn, onToggle, fixed, warnings }: OperationProps) {
  const { profile, augmentation } = draft;
  const fields = useMemo(() => {
    const parameters = fieldsOf(profile === "physical" ? PhysicalParameters : PublishedParameters);
    return parameters.groups.find(({ key }) => key === name)?.fields ?? [];
  }, [profile, name]);
  // What an operation does hangs on its range; the probability only tells how often.
  const main = fields.find(({ key }) => key !== "probability") ?? fields[0];
  const isChanged = fields.some(
    ({ key, path, fallback }) =>
      JSON.stringify(settingAt(augmentation.parameters, path) ?? fallback) !== JSON.stringify(isSettings(base) ? base[key] : fallback),
  );
  return (
    <div className={classes.operation} data-on={isOn || undefined}>
      <div className={classes.head}>
        <Checkbox label={name} checked={isOn} onChange={onToggle} classNames={{ label: classes.name }} />
        {isChanged && (
          <UnstyledButton className={classes.reset} title="Back to the profile's ranges" onClick={() => draft.resetOperation(name, base)}>
            <IconRotate size={13} aria-hidden /> reset
          </UnstyledButton>
        )}
      </div>
      {isOn && (
        <div className={classes.parameters}>
          {fields.map((field) => (
            <div key={`${profile} ${field.key}`}>
              <ParameterSlider
                field={field}
                operation={name}
                value={settingAt(augmentation.parameters, field.path) ?? field.fallback}
                onChange={(value) => draft.setParameter(name, field.key, value)}
              />
              {[
                ...fixed.filter(({ parameter }) => parameter === field.key).map(({ message }) => message),
                ...(field === main ? warnings : []),
              ].map((message) => (
                <Warning key={message}>{message}</Warning>
              ))}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
