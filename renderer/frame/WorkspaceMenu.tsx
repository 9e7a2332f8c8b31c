// The workspace in hand, and the way to another.
import { Menu, Modal } from "@mantine/core";
import { IconChevronDown, IconFolders } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useOpenWorkspace } from "../components/open-workspace.tsx";
import { useHost } from "../state/host.tsx";
import { formatRoute } from "../state/router.ts";
import { baseName } from "../state/words.ts";
import classes from "./Frame.module.css";

/** Recent ones in the menu; the start has all. */
const SHOWN = 6;

export function WorkspaceMenu({ path }: { path: string | null }) {
  const { queries } = useHost();
  const [isOpen, setOpen] = useState(false);
  const { open, dismiss, question, problem } = useOpenWorkspace();
  const recent = useQuery(queries.workspace.recent.queryOptions({ enabled: isOpen, staleTime: 0 }));
  const others = recent.data?.workspaces.filter(({ state }) => state === "there").slice(0, SHOWN) ?? [];
  return (
    <>
      <Menu position="bottom-start" withinPortal opened={isOpen} onChange={setOpen}>
        <Menu.Target>
          <button type="button" className={classes.workspace} title={path ?? undefined}>
            Workspace <strong>{path === null ? "..." : baseName(path)}</strong>
            <IconChevronDown size={14} aria-hidden />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {others.length > 0 && <Menu.Label>Opened before</Menu.Label>}
          {others.map((other) => (
            <Menu.Item key={other.path} title={other.path} onClick={() => open({ path: other.path, how: "open" })}>
              {baseName(other.path)}
            </Menu.Item>
          ))}
          {others.length > 0 && <Menu.Divider />}
          <Menu.Item
            component="a"
            href={formatRoute({ place: "start", subject: null, query: {} })}
            leftSection={<IconFolders size={16} stroke={1.6} />}
          >
            Open or make another
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {question}
      {problem && (
        <Modal opened onClose={dismiss} title="The workspace was not opened">
          {problem}
        </Modal>
      )}
    </>
  );
}
