// A simulated sample, to look around without data.
import { Button, Group, Modal, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { SampleOptions } from "../../../../shared/domain/sample-options.ts";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { PathField } from "../../../components/PathField.tsx";
import { SettingField } from "../../../components/SettingField.tsx";
import { useHost, useWorkspace } from "../../../state/host.tsx";
import { fieldsOf, type Settings, settingAt, withSetting } from "../../../state/setting-fields.ts";

export function SampleDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Modal opened={isOpen} onClose={onClose} size="lg" title="Make a simulated sample">
      {isOpen && <SampleForm onClose={onClose} />}
    </Modal>
  );
}

function SampleForm({ onClose }: { onClose: () => void }) {
  const { client } = useHost();
  const workspace = useWorkspace();
  const [folder, setFolder] = useState(() => (workspace ? `${workspace.path}/simulated-sample` : ""));
  const [settings, setSettings] = useState<Settings>({});
  const { fields } = useMemo(() => fieldsOf(SampleOptions), []);
  const make = useMutation({
    mutationFn: () => client.data.sample({ folder: folder.trim(), options: SampleOptions.parse(settings) }),
    onSuccess: onClose,
  });
  return (
    <Stack gap="sm">
      <p>
        Scenes of fields, pivots, towns and water are simulated with Sentinel-2's bands, noise and haze, and written as BigEarthNet v1
        patches with labels. Everything made from them is marked as a simulation.
      </p>
      <PathField label="Folder to write into" value={folder} onChange={setFolder} />
      <Group grow align="flex-start" gap="sm">
        {fields.slice(0, 2).map((field) => (
          <SettingField
            key={field.key}
            field={field}
            value={settingAt(settings, field.path) ?? field.fallback}
            onChange={(value) => setSettings((now) => withSetting(now, field.path, value))}
          />
        ))}
      </Group>
      <Group grow align="flex-start" gap="sm">
        {fields.slice(2).map((field) => (
          <SettingField
            key={field.key}
            field={field}
            value={settingAt(settings, field.path) ?? field.fallback}
            onChange={(value) => setSettings((now) => withSetting(now, field.path, value))}
          />
        ))}
      </Group>
      {make.error && <ErrorNote error={make.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button loading={make.isPending} disabled={folder.trim() === ""} onClick={() => make.mutate()}>
          Make the sample
        </Button>
      </Group>
    </Stack>
  );
}
