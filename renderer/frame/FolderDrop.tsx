// A folder dropped anywhere on the window: a workspace is opened, another folder is looked through for data.
import { Button, Group, Modal } from "@mantine/core";
import { IconFolderDown } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { showError } from "../components/notices.tsx";
import { useOpenWorkspace } from "../components/open-workspace.tsx";
import { desktopBridge } from "../state/desktop.ts";
import { useHost } from "../state/host.tsx";
import { useRoute } from "../state/router.ts";
import classes from "./FolderDrop.module.css";

export function FolderDrop() {
  const { client } = useHost();
  const { go } = useRoute();
  const { open, dismiss, question, problem } = useOpenWorkspace();
  const [isOver, setOver] = useState(false);
  const [dropped, setDropped] = useState<string | null>(null);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      const path = desktopBridge()?.pathOf(file);
      if (!path) setDropped(file.name);
      else {
        client.workspace
          .look({ path })
          .then((kind) => {
            if (kind === "workspace") open({ path, how: "open" });
            else go({ place: "data", query: { add: "1", path } });
          })
          .catch((error: unknown) => showError(error, `${path} was not opened`));
      }
    };
    const listeners = { dragover: over, dragleave: leave, drop } as const;
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name as "drop", listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name as "drop", listener);
    };
  }, [client, go, open]);
  const leaveFor: typeof go = (route) => {
    setDropped(null);
    go(route);
  };
  return (
    <>
      {isOver && (
        <div className={classes.over}>
          <IconFolderDown size={40} stroke={1.3} aria-hidden />
          <strong>Drop the folder</strong>
          <p>A workspace is opened. Any other folder is looked through for Sentinel-2 data; nothing is read before you agree.</p>
        </div>
      )}
      {question}
      {problem && (
        <Modal opened onClose={dismiss} title="The workspace was not opened">
          {problem}
        </Modal>
      )}
      <Modal opened={dropped !== null} onClose={() => setDropped(null)} title="A browser does not tell where a folder lies">
        <p>
          The application reads {dropped} where it lies, without a copy, so it needs its path on the machine that serves this page. Give it
          on the next screen: typed, or found by Choose. In the desktop application, dropping is enough.
        </p>
        <Group mt="sm" gap="xs">
          <Button onClick={() => leaveFor({ place: "data", query: { add: "1" } })}>Give the path of data</Button>
          <Button variant="default" onClick={() => leaveFor({ place: "start" })}>
            Open a workspace
          </Button>
        </Group>
      </Modal>
    </>
  );
}
