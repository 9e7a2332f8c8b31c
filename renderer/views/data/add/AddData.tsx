// From a folder to a data set: scan, a plan to agree to, ingestion.
import { Anchor, Button, Loader, TextInput } from "@mantine/core";
import { IconFolderSearch } from "@tabler/icons-react";
import { useState } from "react";
import { parseBandOrder } from "../../../../shared/domain/ingest-settings.ts";
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
  /** null: the field is not shown. */
  const [order, setOrder] = useState<string | null>(null);
  const bandOrder = order ? parseBandOrder(order) : null;
  const isOrderWrong = !!order && bandOrder === null;
  const scan = useScan();
  const isScanning = scan.state.kind === "scanning";
  const start = () => {
    const folder = path.trim();
    if (folder === "" || isOrderWrong) return;
    setQuery({ path: folder }, { replace: true });
    scan.start(folder, bandOrder);
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
          <Button leftSection={<IconFolderSearch size={16} />} disabled={path.trim() === "" || isOrderWrong} onClick={start}>
            Look what is there
          </Button>
        )}
      </div>
      {order === null ? (
        <Anchor component="button" type="button" size="sm" className={classes.order} onClick={() => setOrder("")}>
          Images that hold all bands and do not name them?
        </Anchor>
      ) : (
        <TextInput
          className={classes.order}
          label="Order of their bands"
          description="One after another as they lie in the files; - for what is no band. Kept for this folder."
          placeholder="B02, B03, B04, B05, B06, B07, B08, B8A, B11, B12"
          value={order}
          error={isOrderWrong && "Name them as B02, B8A"}
          disabled={isScanning}
          onChange={(event) => setOrder(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && start()}
        />
      )}
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
        {scan.state.kind === "found" && <IngestPlan folder={scan.state.path} bandOrder={scan.state.bandOrder} result={scan.state.result} />}
      </div>
    </div>
  );
}
