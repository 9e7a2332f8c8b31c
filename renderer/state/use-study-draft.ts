// The draft of the study that is being designed, for the places that edit it.
import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { AugmentationProfile } from "../../shared/domain/augmentation-profile.ts";
import type { AugmentationName, Profile } from "../../shared/domain/augmentations.ts";
import type { PresetName } from "../../shared/domain/run-config.ts";
import { ALL_ARMS, CONTROL_ARM } from "../../shared/domain/study.ts";
import { changed, redone, undone } from "./history.ts";
import { useHost } from "./host.tsx";
import { isSettings, type Settings, settingAt, withSetting } from "./setting-fields.ts";
import { effectiveSettings, NEW_DRAFT, type StudyDraft } from "./study-draft.ts";

export interface DraftControl {
  readonly draft: StudyDraft;
  /** The preset's settings with the draft's over them. */
  readonly effective: Settings;
  readonly arms: readonly string[];
  readonly profile: Profile;
  /** The user's profile that the parameters come from; null: the built-in one. */
  readonly profileName: string | null;
  /** What undo and redo would change; null: nothing. */
  readonly undoLabel: string | null;
  readonly redoLabel: string | null;
  undo(): void;
  redo(): void;
  /** Takes the parameters of a profile. @param isOwn a user's, not a built-in one */
  loadProfile(profile: AugmentationProfile, isOwn: boolean): void;
  /** The parameters are those of a profile now: it was saved, renamed or deleted. */
  nameProfile(name: string | null): void;
  /** The augmentation settings as the host takes them. */
  readonly augmentation: { readonly profile: Profile; readonly parameters: Settings };
  set(path: readonly string[], value: unknown): void;
  setName(name: string): void;
  /** A preset brings its own augmentation settings. */
  setPreset(preset: PresetName | null): void;
  setArms(arms: Iterable<string>): void;
  setParameter(operation: AugmentationName, parameter: string, value: unknown): void;
  /** @param parameters of the operation in the profile */
  resetOperation(operation: AugmentationName, parameters: unknown): void;
  clear(): void;
}

/** The draft of this window. */
export function useStudyDraft(): DraftControl {
  const { studyDraft } = useHost();
  const history = useSyncExternalStore(studyDraft.subscribe, studyDraft.get);
  const { present: draft } = history;
  const effective = useMemo(() => effectiveSettings(draft), [draft]);
  const change = useCallback(
    (label: string, next: (draft: StudyDraft) => StudyDraft) => {
      const now = studyDraft.get();
      studyDraft.set(changed(now, next(now.present), label, Date.now()));
    },
    [studyDraft],
  );
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
      profileName: draft.profileName,
      undoLabel: history.past.at(-1)?.label ?? null,
      redoLabel: history.future[0]?.label ?? null,
      undo: () => studyDraft.set(undone(studyDraft.get())),
      redo: () => studyDraft.set(redone(studyDraft.get())),
      loadProfile: ({ name, augmentation }, isOwn) =>
        change(`the profile ${name}`, (now) => ({
          ...now,
          settings: withSetting(now.settings, ["augmentation"], isOwn ? augmentation : { profile: augmentation.profile }),
          profileName: isOwn ? name : null,
        })),
      nameProfile: (name) => change("the profile's name", (now) => ({ ...now, profileName: name })),
      set: (path, value) => change(path.join(" "), (now) => ({ ...now, settings: withSetting(now.settings, path, value) })),
      setName: (name) => change("the study's name", (now) => ({ ...now, name })),
      setPreset: (preset) =>
        change("the preset", (now) => ({
          ...now,
          preset,
          settings: withSetting(now.settings, ["augmentation"], undefined),
          profileName: null,
        })),
      setArms: (next) => {
        const chosen = new Set(next);
        change("the arms", (now) => ({
          ...now,
          settings: withSetting(
            now.settings,
            ["arms"],
            ALL_ARMS.filter((arm) => chosen.has(arm) || arm === CONTROL_ARM),
          ),
        }));
      },
      setParameter: (operation, parameter, value) =>
        change(`${operation} ${parameter}`, (now) => {
          const settings = withSetting(now.settings, ["augmentation", "profile"], profile);
          return { ...now, settings: withSetting(settings, ["augmentation", "parameters", operation, parameter], value) };
        }),
      resetOperation: (operation, parameters) =>
        change(`the parameters of ${operation}`, (now) => ({
          ...now,
          settings: withSetting(now.settings, ["augmentation", "parameters", operation], parameters),
        })),
      clear: () => change("the draft", () => NEW_DRAFT),
    };
  }, [draft, history, effective, change, studyDraft]);
}
