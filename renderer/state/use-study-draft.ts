// The draft of the study that is being designed, for the places that edit it.
import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { AugmentationName, Profile } from "../../shared/domain/augmentations.ts";
import type { PresetName } from "../../shared/domain/run-config.ts";
import { ALL_ARMS, CONTROL_ARM } from "../../shared/domain/study.ts";
import { useHost } from "./host.tsx";
import { isSettings, type Settings, settingAt, withSetting } from "./setting-fields.ts";
import { effectiveSettings, NEW_DRAFT, type StudyDraft } from "./study-draft.ts";

export interface DraftControl {
  readonly draft: StudyDraft;
  /** The preset's settings with the draft's over them. */
  readonly effective: Settings;
  readonly arms: readonly string[];
  readonly profile: Profile;
  /** The augmentation settings as the host takes them. */
  readonly augmentation: { readonly profile: Profile; readonly parameters: Settings };
  set(path: readonly string[], value: unknown): void;
  setName(name: string): void;
  /** A preset brings its own augmentation settings. */
  setPreset(preset: PresetName | null): void;
  setArms(arms: Iterable<string>): void;
  /** Parameters belong to a profile: switching takes that profile's defaults. */
  setProfile(profile: Profile): void;
  setParameter(operation: AugmentationName, parameter: string, value: unknown): void;
  resetOperation(operation: AugmentationName): void;
  clear(): void;
}

/** The draft of this window. */
export function useStudyDraft(): DraftControl {
  const { studyDraft } = useHost();
  const draft = useSyncExternalStore(studyDraft.subscribe, studyDraft.get);
  const effective = useMemo(() => effectiveSettings(draft), [draft]);
  const change = useCallback((next: (draft: StudyDraft) => StudyDraft) => studyDraft.set(next(studyDraft.get())), [studyDraft]);
  return useMemo(() => {
    const profile: Profile = settingAt(effective, ["augmentation", "profile"]) === "published" ? "published" : "physical";
    const parameters = settingAt(effective, ["augmentation", "parameters"]);
    const arms = settingAt(effective, ["arms"]);
    return {
      draft,
      effective,
      profile,
      arms: Array.isArray(arms) ? ALL_ARMS.filter((arm) => arms.includes(arm) || arm === CONTROL_ARM) : ALL_ARMS,
      augmentation: { profile, parameters: isSettings(parameters) ? parameters : {} },
      set: (path, value) => change((now) => ({ ...now, settings: withSetting(now.settings, path, value) })),
      setName: (name) => change((now) => ({ ...now, name })),
      setPreset: (preset) => change((now) => ({ ...now, preset, settings: withSetting(now.settings, ["augmentation"], undefined) })),
      setArms: (next) => {
        const chosen = new Set(next);
        change((now) => ({
          ...now,
          settings: withSetting(
            now.settings,
            ["arms"],
            ALL_ARMS.filter((arm) => chosen.has(arm) || arm === CONTROL_ARM),
          ),
        }));
      },
      setProfile: (next) => change((now) => ({ ...now, settings: withSetting(now.settings, ["augmentation"], { profile: next }) })),
      setParameter: (operation, parameter, value) =>
        change((now) => {
          const settings = withSetting(now.settings, ["augmentation", "profile"], profile);
          return { ...now, settings: withSetting(settings, ["augmentation", "parameters", operation, parameter], value) };
        }),
      resetOperation: (operation) =>
        change((now) => ({ ...now, settings: withSetting(now.settings, ["augmentation", "parameters", operation], undefined) })),
      clear: () => change(() => NEW_DRAFT),
    };
  }, [draft, effective, change]);
}
