// From a folder to a data set: scan, a plan to agree to, ingestion.
import { Anchor, Button, Loader } from "@mantine/core";
import { IconFolderSearch } from "@tabler/icons-react";
import { useState } from "react";
import { EmptyState } from "../../../components/EmptyState.tsx";
import { ErrorNote } from "../../../components/ErrorNote.tsx";
import { PathField } from "../../../components/PathField.tsx";
import { formatRoute, useRoute } from "../../../state/router.ts";
import { count } from "../../../state/words.ts";
import classes from "./AddData.module.css";
import { IngestPlan } from "./IngestPlan.tsx";
import { useScan } from "./scan.ts";

export function AddData() {
  const { route, setQuery } = useRoute();
  const [path, setPath] = useState(route.query.path ?? "");
  const scan = useScan();
  const isScanning = scan.state.kind === "scanning";
  const start = () => {
    const folder = path.trim();
    if (folder === "") return;
    setQuery({ path: folder }, { replace: true });
    scan.start(folder);
  };
  return (
    <div className={classes.page}>
      <div>
        <Anchor size="sm" href={formatRoute({ place: "data", subject: null, query: {} })}>
          Data sets
        </Anchor>
        <h2 className={classes.title}>Add a folder</h2>
      </div>
      <div className={classes.folder}>
        <div className={classes.field}>
          <PathField label="Folder with Sentinel-2 data" value={path} onChange={setPath} onSubmit={start} disabled={isScanning} />
        </div>
        {isScanning ? (
          <Button variant="default" onClick={scan.stop}>
            Stop
          </Button>
        ) : (
          <Button leftSection={<IconFolderSearch size={16} />} disabled={path.trim() === ""} onClick={start}>
            Look what is there
          </Button>
        )}
      </div>
      <div className={classes.result}>
        {scan.state.kind === "idle" && (
          <EmptyState icon={IconFolderSearch} title="Nothing is read before you agree">
            First the folder is looked through: kinds of sources, patches, bands, dates, offsets. Then you see the plan, choose what to
            take, and start.
          </EmptyState>
        )}
        {scan.state.kind === "scanning" && (
          <div className={classes.scanning} role="status">
            <Loader size="sm" />
            <div>
              <strong>{count(scan.state.seen)} files and folders seen</strong>
              <p className={classes.at}>{scan.state.at}</p>
            </div>
          </div>
        )}
        {scan.state.kind === "failed" && <ErrorNote error={scan.state.error} onRetry={start} />}
        {scan.state.kind === "found" && <IngestPlan folder={scan.state.path} result={scan.state.result} />}
      </div>
    </div>
  );
}
