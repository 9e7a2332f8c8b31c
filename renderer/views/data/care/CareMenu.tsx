// What can be done with a data set as a whole.
import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconCopy, IconFolderSymlink, IconRefresh, IconShieldCheck, IconTags, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { Dataset } from "../../../../shared/domain/dataset.ts";
import { useRoute } from "../../../state/router.ts";
import { DeleteDialog } from "./DeleteDialog.tsx";
import { LabelDialog } from "./LabelDialog.tsx";
import { RelocateDialog } from "./RelocateDialog.tsx";
import { useUpdate } from "./update.ts";
import { VerifyDialog } from "./VerifyDialog.tsx";

type Dialog = "label" | "verify" | "relocate" | "delete";

export function CareMenu({ dataset }: { dataset: Dataset }) {
  const { setQuery } = useRoute();
  const update = useUpdate(dataset.name);
  const [open, setOpen] = useState<Dialog | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} />} loading={update.isPending}>
            Manage
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconTags size={15} />} onClick={() => setOpen("label")}>
            Label or exclude tiles
          </Menu.Item>
          <Menu.Item leftSection={<IconCopy size={15} />} onClick={() => setQuery({ view: "duplicates" })}>
            Find duplicates
          </Menu.Item>
          <Menu.Item leftSection={<IconShieldCheck size={15} />} onClick={() => setOpen("verify")}>
            Verify
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconRefresh size={15} />} onClick={() => update.mutate()}>
            Add what is new
          </Menu.Item>
          <Menu.Item leftSection={<IconFolderSymlink size={15} />} disabled={!dataset.folders} onClick={() => setOpen("relocate")}>
            A folder moved
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => setOpen("delete")}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {open === "label" && <LabelDialog dataset={dataset} onClose={close} />}
      {open === "verify" && <VerifyDialog dataset={dataset} onClose={close} />}
      {open === "relocate" && <RelocateDialog dataset={dataset} onClose={close} />}
      {open === "delete" && <DeleteDialog name={dataset.name} onClose={close} />}
    </>
  );
}
