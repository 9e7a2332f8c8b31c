// What happened in a run, to read, filter and copy; and where its folder lies.
import { ActionIcon, Button, Checkbox, Group, TextInput } from "@mantine/core";
import { IconCopy, IconFolderOpen, IconSearch } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type UIEvent, useEffect, useMemo, useRef, useState } from "react";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { showDone, showError } from "../../components/notices.tsx";
import { Section } from "../../components/Section.tsx";
import { follow } from "../../state/follow.ts";
import { useHost } from "../../state/host.tsx";
import type { LiveRun } from "../../state/study-live.ts";
import { counted } from "../../state/words.ts";
import { filterLines, type LogLine, lineOf, logText, outputLines } from "./log-lines.ts";
import classes from "./RunLog.module.css";

/** Height of a line that is not broken, px. */
const LINE_HEIGHT = 20;
/** The screen is told of new lines at most so often, ms. */
const TELL_EVERY_MS = 300;

export function RunLog({ study, run }: { study: string; run: LiveRun }) {
  const { client, queries } = useHost();
  const { folder, lines, error } = useLog(study, run);
  const info = useQuery(queries.app.info.queryOptions({ staleTime: Number.POSITIVE_INFINITY }));
  const [text, setText] = useState("");
  const [hasSteps, setSteps] = useState(false);
  const shown = useMemo(() => filterLines(lines, { text, hasSteps }), [lines, text, hasSteps]);
  const open = useMutation({
    mutationFn: () => client.study.showFolder({ study, run: { arm: run.arm, seed: run.seed } }),
    onError: (failure) => showError(failure, "The folder was not opened"),
  });
  const copy = async (what: string, content: string) => {
    try {
      await navigator.clipboard.writeText(content);
      showDone("Copied", what);
    } catch (failure) {
      showError(failure, "Nothing was copied");
    }
  };
  return (
    <Section
      title="Log"
      aside={
        <Group gap={4}>
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconCopy size={13} />}
            disabled={shown.length === 0}
            onClick={() => copy(`${counted(shown.length, "line")} of the log, with times.`, logText(shown))}
          >
            Copy
          </Button>
          {info.data?.nativeDialogs && (
            <Button size="compact-xs" variant="default" leftSection={<IconFolderOpen size={13} />} onClick={() => open.mutate()}>
              Open folder
            </Button>
          )}
        </Group>
      }
    >
      {folder !== null && (
        <div className={classes.folder}>
          <code>{folder}</code>
          <ActionIcon size="sm" aria-label="Copy the folder's path" onClick={() => copy("The folder's path is on the clipboard.", folder)}>
            <IconCopy size={13} />
          </ActionIcon>
        </div>
      )}
      <div className={classes.filter}>
        <TextInput
          aria-label="Words in the log"
          placeholder="filter"
          leftSection={<IconSearch size={13} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Checkbox label="every step" checked={hasSteps} onChange={(event) => setSteps(event.currentTarget.checked)} />
      </div>
      {error != null ? (
        <ErrorNote error={error} />
      ) : shown.length === 0 ? (
        <p className={classes.none}>{lines.length === 0 ? "The run has not begun, so nothing is written yet." : "No line is like this."}</p>
      ) : (
        <Lines lines={shown} />
      )}
    </Section>
  );
}

function Lines({ lines }: { lines: readonly LogLine[] }) {
  const list = useRef<HTMLDivElement>(null);
  /** New lines are followed until the user scrolls up. */
  const isAtEnd = useRef(true);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => list.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 10,
    initialOffset: lines.length * LINE_HEIGHT,
  });
  const last = lines.length - 1;
  useEffect(() => {
    if (isAtEnd.current) virtual.scrollToIndex(last, { align: "end" });
  }, [virtual, last]);
  const scroll = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: UIEvent) => {
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < LINE_HEIGHT;
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section ref={list} className={classes.lines} tabIndex={0} aria-label="Lines of the log" onScroll={scroll}>
      <ol style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index]!;
          return (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              data-kind={line.kind}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <time>{line.at === null ? "worker" : new Date(line.at).toTimeString().slice(0, 8)}</time> {line.text}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** The log of a run, followed while it is looked at. */
function useLog(study: string, { arm, seed }: LiveRun) {
  const { connection, client } = useHost();
  const [log, setLog] = useState<{ folder: string | null; lines: readonly LogLine[]; error: unknown }>(EMPTY);
  useEffect(() => {
    let [folder, lines, timer]: [string | null, LogLine[], ReturnType<typeof setTimeout> | undefined] = [null, [], undefined];
    const tell = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setLog({ folder, lines: [...lines], error: null });
      }, TELL_EVERY_MS);
    };
    setLog(EMPTY);
    const stop = follow({
      connection,
      open: (signal) => client.study.log({ study, run: { arm, seed } }, { signal }),
      onOpen() {
        lines = [];
      },
      onValue(update) {
        if (update.kind === "opened") folder = update.folder;
        else if (update.kind === "events") for (const event of update.events) lines.push(lineOf(event));
        else lines.push(...outputLines(update.text));
        tell();
      },
      onRefused: (error) => setLog({ ...EMPTY, error }),
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [connection, client, study, arm, seed]);
  return log;
}

const EMPTY = { folder: null, lines: [], error: null };
