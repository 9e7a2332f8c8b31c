// The study that is being designed: a preset and what the user changed of it.
import { faultText } from "../../shared/domain/fault-text.ts";
import { PRESETS, type PresetName, StudyConfig } from "../../shared/domain/run-config.ts";
import { mergeSettings, type Settings } from "./setting-fields.ts";

export interface StudyDraft {
  readonly name: string;
  readonly preset: PresetName | null;
  /** Over the preset's settings. */
  readonly settings: Settings;
  /** The user's augmentation profile that its parameters come from; null: a built-in one. */
  readonly profileName: string | null;
}

export const NEW_DRAFT: StudyDraft = { name: "", preset: "quick", settings: {}, profileName: null };

/** The preset's settings with the draft's over them. */
export function effectiveSettings({ preset, settings }: StudyDraft): Settings {
  return preset === null ? settings : mergeSettings(PRESETS[preset].settings, settings);
}

/** What the schema says of a draft: complete settings, or the fault of each field by its path (`pretrain.epochs`). */
export function checkSettings(
  effective: Settings,
  dataset: string,
): { readonly config: StudyConfig | null; readonly faults: ReadonlyMap<string, string> } {
  const parsed = StudyConfig.safeParse({ ...effective, version: 1, dataset });
  if (parsed.success) return { config: parsed.data, faults: new Map() };
  return { config: null, faults: new Map(parsed.error.issues.map((issue) => [issue.path.join("."), faultText(issue)])) };
}
