// Augmentation profiles: the built-in ones and the user's own, loaded, saved, renamed, duplicated, deleted; every change can be undone.
import { ActionIcon, Button, Group, Menu, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { IconArrowBackUp, IconArrowForwardUp, IconDots } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type AugmentationProfile, BUILT_IN_PROFILES, ProfileName } from "../../../shared/domain/augmentation-profile.ts";
import { AugmentationSettings, PROFILES } from "../../../shared/domain/augmentations.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { showDone, showError } from "../../components/notices.tsx";
import { useHost } from "../../state/host.tsx";
import type { Profiles } from "../../state/profiles.ts";
import type { DraftControl } from "../../state/use-study-draft.ts";
import classes from "./OperationPanel.module.css";

const HELP = {
  physical: "Every draw is a scene that Sentinel-2 could have seen.",
  published:
    "The study's own operations, defects included: gain flips the sign of half its draws, speckle sets pixels to ±5 standard deviations.",
} as const;

/** Names of built-in and own profiles do not meet, so one list holds both. */
type Naming = { readonly kind: "save as" | "rename"; readonly name: string };

export function ProfileBar({ draft, profiles: { own, loaded, base } }: { draft: DraftControl; profiles: Profiles }) {
  const { client, queries, queryClient } = useHost();
  const [naming, setNaming] = useState<Naming | null>(null);
  const reread = () => queryClient.invalidateQueries({ queryKey: queries.profile.key() });
  const settings = AugmentationSettings.safeParse(draft.augmentation).data ?? base;
  const isChanged = !isSame(settings, base);
  const save = useMutation({
    mutationFn: (profile: AugmentationProfile & { replace: boolean }) => client.profile.save(profile),
    onSuccess: async ({ name }) => {
      await reread();
      draft.nameProfile(name);
      setNaming(null);
    },
  });
  const rename = useMutation({
    mutationFn: (to: string) => client.profile.rename({ name: loaded!.name, to }),
    onSuccess: async (_, to) => {
      await reread();
      draft.nameProfile(to);
      setNaming(null);
    },
  });
  const remove = useMutation({
    mutationFn: (profile: AugmentationProfile) => client.profile.delete({ name: profile.name }),
    onSuccess: async (_, profile) => {
      await reread();
      draft.nameProfile(null);
      offerUndo(profile, () => save.mutate({ ...profile, replace: false }));
    },
    onError: (error) => showError(error, "The profile was not deleted"),
  });
  const load = (name: string) => {
    const builtIn = PROFILES.find((known) => known === name);
    const profile = builtIn ? BUILT_IN_PROFILES[builtIn] : own.find((known) => known.name === name);
    if (profile) draft.loadProfile(profile, !builtIn);
  };
  useHotkeys([
    ["mod+Z", draft.undo],
    ["mod+shift+Z", draft.redo],
  ]);
  const form = naming && (
    <NameForm
      key={naming.kind}
      naming={naming}
      taken={own.map(({ name }) => name)}
      error={naming.kind === "rename" ? rename.error : save.error}
      isPending={save.isPending || rename.isPending}
      onName={(name, replace) => (naming.kind === "rename" ? rename.mutate(name) : save.mutate({ name, augmentation: settings, replace }))}
    />
  );
  return (
    <div className={classes.profile}>
      <Group gap={4} wrap="nowrap">
        <Select
          aria-label="Parameter profile"
          className={classes.profileName}
          value={loaded?.name ?? draft.profile}
          onChange={(name) => name && load(name)}
          data={[
            { group: "Built in", items: [...PROFILES] },
            ...(own.length > 0 ? [{ group: "Yours", items: own.map(({ name }) => name) }] : []),
          ]}
        />
        <ActionIcon
          aria-label="Undo"
          title={draft.undoLabel === null ? "Nothing to undo" : `Undo ${draft.undoLabel} (Ctrl Z)`}
          disabled={draft.undoLabel === null}
          onClick={draft.undo}
        >
          <IconArrowBackUp size={16} />
        </ActionIcon>
        <ActionIcon
          aria-label="Redo"
          title={draft.redoLabel === null ? "Nothing to redo" : `Redo ${draft.redoLabel} (Ctrl Shift Z)`}
          disabled={draft.redoLabel === null}
          onClick={draft.redo}
        >
          <IconArrowForwardUp size={16} />
        </ActionIcon>
      </Group>
      <p>{loaded ? `Yours, on the ${draft.profile} operations.` : HELP[draft.profile]}</p>
      <Group gap={4}>
        <Button
          size="compact-xs"
          variant="default"
          disabled={!loaded || !isChanged}
          loading={save.isPending && naming === null}
          onClick={() =>
            loaded &&
            save.mutate(
              { name: loaded.name, augmentation: settings, replace: true },
              {
                onSuccess: () => showDone("Saved", `The profile ${loaded.name} holds these parameters now.`),
                onError: (error) => showError(error, `${loaded.name} was not saved`),
              },
            )
          }
        >
          Save
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => setNaming({ kind: "save as", name: "" })}>
          Save as
        </Button>
        {isChanged && <span className={classes.changed}>changed</span>}
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <ActionIcon size="sm" aria-label="More about this profile" className={classes.more}>
              <IconDots size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setNaming({ kind: "save as", name: `${loaded?.name ?? draft.profile}-copy` })}>Duplicate</Menu.Item>
            <Menu.Item disabled={!isChanged} onClick={() => load(loaded?.name ?? draft.profile)}>
              Back to the profile's parameters
            </Menu.Item>
            <Menu.Item disabled={!loaded} onClick={() => loaded && setNaming({ kind: "rename", name: loaded.name })}>
              Rename
            </Menu.Item>
            <Menu.Item color="red" disabled={!loaded} onClick={() => loaded && remove.mutate(loaded)}>
              Delete {loaded?.name ?? ""}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Modal
        opened={naming !== null}
        onClose={() => setNaming(null)}
        title={naming?.kind === "rename" ? "Rename the profile" : "Save as a profile"}
      >
        {form}
      </Modal>
    </div>
  );
}

const isSame = (a: AugmentationSettings, b: AugmentationSettings): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A deleted profile comes back by a click. */
function offerUndo(profile: AugmentationProfile, undo: () => void): void {
  const id = `profile ${profile.name}`;
  notifications.show({
    id,
    title: `Profile ${profile.name} deleted`,
    autoClose: 12_000,
    message: (
      <Button
        size="compact-xs"
        variant="default"
        mt={4}
        onClick={() => {
          notifications.hide(id);
          undo();
        }}
      >
        Undo
      </Button>
    ),
  });
}

interface NameFormProps {
  readonly naming: Naming;
  readonly taken: readonly string[];
  readonly error: unknown;
  readonly isPending: boolean;
  readonly onName: (name: string, replace: boolean) => void;
}

function NameForm({ naming, taken, error, isPending, onName }: NameFormProps) {
  const [name, setName] = useState(naming.name);
  const parsed = ProfileName.safeParse(name);
  const isTaken = taken.includes(name) && (naming.kind === "save as" || name !== naming.name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (parsed.success && !(isTaken && naming.kind === "rename")) onName(name, isTaken);
  };
  const fault = parsed.success ? (isTaken ? "There is a profile of this name." : null) : parsed.error.issues[0]!.message;
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="Name of the profile"
          data-autofocus
          placeholder="mild-gain"
          value={name}
          error={name === "" ? null : fault}
          onChange={(event) => setName(event.currentTarget.value.trim())}
        />
        {error != null && <ErrorNote error={error} />}
        <Group justify="flex-end">
          <Button
            type="submit"
            {...(isTaken ? { color: "red.9" } : {})}
            loading={isPending}
            disabled={!parsed.success || (isTaken && naming.kind === "rename")}
          >
            {naming.kind === "rename" ? "Rename" : isTaken ? `Replace ${name}` : "Save"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
