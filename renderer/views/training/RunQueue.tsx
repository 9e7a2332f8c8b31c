// Every run of the study: the running first, then what is left in the order of work, then what is over. Runs are moved, left out and tried again here.
import { ActionIcon, Button, Menu, SegmentedControl, VisuallyHidden } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type DragEvent, type KeyboardEvent, memo, useCallback, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { moved } from "../../../shared/domain/run-queue.ts";
import type { RunState } from "../../../shared/domain/run-state.ts";
import { FULL_ARM } from "../../../shared/domain/study.ts";
import { FamilyMark } from "../../components/FamilyMark.tsx";
import { showError } from "../../components/notices.tsx";
import { StatusMark } from "../../components/StatusMark.tsx";
import { Inspector } from "../../components/Workbench.tsx";
import { useHost } from "../../state/host.tsx";
import { type QueueEstimate, runsInOrder } from "../../state/queue-estimate.ts";
import { useRoute } from "../../state/router.ts";
import type { Store } from "../../state/store.ts";
import type { LiveRun, LiveStudy } from "../../state/study-live.ts";
import { count, counted, score, shortDuration } from "../../state/words.ts";
import { QueueTime } from "./QueueTime.tsx";
import classes from "./RunQueue.module.css";
import { StudyQueue } from "./StudyQueue.tsx";

export interface RunQueueProps {
  readonly live: LiveStudy;
  readonly estimate: QueueEstimate;
  /** The arm under the pointer, here or among the curves. */
  readonly hover: Store<string | null>;
  readonly onPick: (run: LiveRun) => void;
}

const FILTERS = ["all", "left", "done", "failed"] as const;
type Filter = (typeof FILTERS)[number];
const BELONGS: Readonly<Record<Filter, (state: RunState) => boolean>> = {
  all: () => true,
  left: ({ status }) => status !== "finished" && status !== "failed",
  done: ({ status }) => status === "finished",
  failed: ({ status }) => status === "failed",
};

export function RunQueue({ live, estimate, hover, onPick }: RunQueueProps) {
  const { route, setQuery } = useRoute();
  const filter = FILTERS.find((known) => known === route.query.runs) ?? "all";
  const deeds = useQueueDeeds(live);
  const [menuOf, setMenuOf] = useState<string | null>(null);
  const [dropAt, setDropAt] = useState<string | null>(null);
  const dragged = useRef<string | null>(null);
  const shown = useMemo(() => inShownOrder(live).filter(({ state }) => BELONGS[filter](state)), [live, filter]);
  const failed = live.runs.filter(({ state }) => state.status === "failed");
  const label = (of: Filter) => ({ value: of, label: `${of} ${count(live.runs.filter(({ state }) => BELONGS[of](state)).length)}` });
  const drag: RowDrag = {
    onDragStart(event, key) {
      dragged.current = key;
      event.dataTransfer.effectAllowed = "move";
    },
    onDragOver(event, key) {
      if (dragged.current === null || !deeds.isMovable(key)) return;
      event.preventDefault();
      setDropAt(key);
    },
    onDrop(event, key) {
      event.preventDefault();
      if (dragged.current !== null) deeds.moveTo(dragged.current, key);
      dragged.current = null;
      setDropAt(null);
    },
    onDragEnd() {
      dragged.current = null;
      setDropAt(null);
    },
  };
  const dragRef = useRef(drag);
  dragRef.current = drag;
  return (
    <Inspector kind="Queue" title={`${counted(live.runs.length, "run")} of ${live.study!.name}`} width={424}>
      <StudyQueue />
      <QueueTime live={live} estimate={estimate} />
      {failed.length > 0 && (
        <Button variant="default" loading={deeds.isRetrying} onClick={() => deeds.retry(failed)}>
          Retry {counted(failed.length, "failed run")}
        </Button>
      )}
      <SegmentedControl
        aria-label="Which runs"
        fullWidth
        value={filter}
        onChange={(value) => setQuery({ runs: value === "all" ? null : value }, { replace: true })}
        data={FILTERS.map(label)}
      />
      {shown.length === 0 ? (
        <p className={classes.none}>{filter === "failed" ? "No run failed." : "No run is in this state."}</p>
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              <th>
                <VisuallyHidden>State</VisuallyHidden>
              </th>
              <th>Arm</th>
              <th className={classes.number}>Seed</th>
              <th className={classes.number}>Done</th>
              <th className={classes.number}>F1</th>
              <th className={classes.number}>Over in</th>
              <th>
                <VisuallyHidden>Deeds</VisuallyHidden>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((run) => (
              <Row
                key={run.key}
                run={run}
                until={untilText(estimate, run.key)}
                isSkipped={live.queue.skipped.has(run.key)}
                isMovable={deeds.isMovable(run.key)}
                isDropTarget={dropAt === run.key}
                isMenuOpen={menuOf === run.key}
                deeds={deeds}
                hover={hover}
                drag={dragRef}
                onMenu={setMenuOf}
                onPick={onPick}
              />
            ))}
          </tbody>
        </table>
      )}
    </Inspector>
  );
}

/** The running, what is left in the order of work, what is over with the newest first, what is left out. */
function inShownOrder(live: LiveStudy): LiveRun[] {
  const order = runsInOrder(live);
  const is = (run: LiveRun, ...statuses: RunState["status"][]) => statuses.includes(run.state.status);
  return [
    ...order.filter((run) => is(run, "running")),
    ...order.filter((run) => is(run, "queued", "paused", "cancelled")),
    ...order.filter((run) => is(run, "finished", "failed")).sort((a, b) => (b.state.updatedAt ?? 0) - (a.state.updatedAt ?? 0)),
    ...live.runs.filter(({ key }) => live.queue.skipped.has(key)),
  ];
}

function untilText(estimate: QueueEstimate, key: string): string {
  const run = estimate.runs.get(key);
  return run ? shortDuration(run.untilSeconds) : "";
}

interface QueueDeeds {
  readonly isRetrying: boolean;
  isMovable(key: string): boolean;
  /** Puts a run before another one, or after it when it came from above. */
  moveTo(key: string, target: string): void;
  /** @param by places, negative: sooner; -Infinity: to the front */
  moveBy(key: string, by: number): void;
  skip(run: LiveRun, skip: boolean): void;
  retry(runs: readonly LiveRun[]): void;
}

/** What can be done to the runs of a study. It holds its identity while the study's order does. */
function useQueueDeeds(live: LiveStudy): QueueDeeds {
  const { client } = useHost();
  const study = live.study!.name;
  const order = useMutation({
    mutationFn: (first: readonly LiveRun[]) => client.study.order({ study, first: first.map(({ arm, seed }) => ({ arm, seed })) }),
    onError: (error) => showError(error, "The order was not changed"),
  });
  const skip = useMutation({
    mutationFn: ({ run: { arm, seed }, isSkipped }: { run: LiveRun; isSkipped: boolean }) =>
      client.study.skip({ study, run: { arm, seed }, skip: isSkipped }),
    onError: (error) => showError(error, "The run stays as it was"),
  });
  const retry = useMutation({
    mutationFn: (runs: readonly LiveRun[]) => client.study.retry({ study, runs: runs.map(({ arm, seed }) => ({ arm, seed })) }),
    onError: (error) => showError(error, "The runs were not taken back into the queue"),
  });
  const present = useRef(live);
  present.current = live;
  /** What can change places: what has not begun, or was stopped. The second stage comes after the sweep. */
  const movable = useCallback(
    () => runsInOrder(present.current).filter(({ state }) => ["queued", "paused", "cancelled"].includes(state.status)),
    [],
  );
  const move = useCallback(
    (key: string, to: (list: readonly LiveRun[], from: number) => number) => {
      const all = movable();
      const run = all.find((candidate) => candidate.key === key);
      if (!run) return;
      const stage = all.filter(({ arm }) => (arm === FULL_ARM) === (run.arm === FULL_ARM));
      const from = stage.indexOf(run);
      const target = Math.max(0, Math.min(stage.length - 1, to(stage, from)));
      if (target === from) return;
      const others = all.filter((candidate) => !stage.includes(candidate));
      order.mutate([...moved(stage, from, target), ...others]);
    },
    [movable, order.mutate],
  );
  return useMemo(
    () => ({
      isRetrying: retry.isPending,
      isMovable: (key) => movable().some((run) => run.key === key),
      moveTo: (key, target) => move(key, (list) => list.findIndex((run) => run.key === target)),
      moveBy: (key, by) => move(key, (_, from) => from + by),
      skip: (run, isSkipped) => skip.mutate({ run, isSkipped }),
      retry: (runs) => retry.mutate(runs),
    }),
    [movable, move, skip.mutate, retry.mutate, retry.isPending],
  );
}

interface RowDrag {
  onDragStart(event: DragEvent, key: string): void;
  onDragOver(event: DragEvent, key: string): void;
  onDrop(event: DragEvent, key: string): void;
  onDragEnd(): void;
}

interface RowProps {
  readonly run: LiveRun;
  readonly until: string;
  readonly isSkipped: boolean;
  readonly isMovable: boolean;
  readonly isDropTarget: boolean;
  readonly isMenuOpen: boolean;
  readonly deeds: QueueDeeds;
  readonly hover: Store<string | null>;
  readonly drag: { readonly current: RowDrag };
  readonly onMenu: (key: string | null) => void;
  readonly onPick: (run: LiveRun) => void;
}

const Row = memo(
  function Row({ run, until, isSkipped, isMovable, isDropTarget, isMenuOpen, deeds, hover, drag, onMenu, onPick }: RowProps) {
    const { key, arm, seed, state } = run;
    const isLit = useSyncExternalStore(hover.subscribe, () => hover.get() === arm);
    const press = (event: KeyboardEvent) => {
      const by = event.altKey ? { ArrowUp: -1, ArrowDown: 1, Home: Number.NEGATIVE_INFINITY }[event.key] : undefined;
      if (by === undefined || !isMovable) return;
      event.preventDefault();
      deeds.moveBy(key, by);
    };
    return (
      <tr
        className={classes.row}
        data-status={isSkipped ? "skipped" : state.status}
        data-drop={isDropTarget || undefined}
        data-lit={isLit || undefined}
        onMouseEnter={() => hover.set(arm)}
        onMouseLeave={() => hover.set(null)}
        onFocus={() => hover.set(arm)}
        onBlur={() => hover.set(null)}
        title={state.error?.message}
        draggable={isMovable}
        onClick={() => onPick(run)}
        onDragStart={(event) => drag.current.onDragStart(event, key)}
        onDragOver={(event) => drag.current.onDragOver(event, key)}
        onDrop={(event) => drag.current.onDrop(event, key)}
        onDragEnd={() => drag.current.onDragEnd()}
      >
        <td className={classes.state}>
          <StatusMark status={state.status} />
        </td>
        <td>
          <span className={classes.arm}>
            <span className={classes.mark}>
              <FamilyMark arm={arm} />
            </span>
            <button
              type="button"
              title={isMovable ? "Alt with up, down or Home moves it in the queue" : undefined}
              onKeyDown={press}
              onClick={(event) => {
                event.stopPropagation();
                onPick(run);
              }}
            >
              {arm}
            </button>
          </span>
        </td>
        <td className={classes.number}>{seed}</td>
        <td className={classes.number}>{progressText(state)}</td>
        <td className={classes.number}>{state.status === "finished" ? (state.f1 === null ? "none" : score(state.f1)) : ""}</td>
        <td className={classes.number}>{isSkipped ? "left out" : state.status === "failed" ? "failed" : until}</td>
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: what is inside has the keys */}
        <td className={classes.deeds} onClick={(event) => event.stopPropagation()}>
          <RowMenu
            run={run}
            isSkipped={isSkipped}
            isMovable={isMovable}
            isOpen={isMenuOpen}
            deeds={deeds}
            onOpen={(isOpen) => onMenu(isOpen ? key : null)}
            onPick={onPick}
          />
        </td>
      </tr>
    );
  },
  // New closures of the same deeds draw nothing new.
  (before, after) =>
    before.run === after.run &&
    before.until === after.until &&
    before.isSkipped === after.isSkipped &&
    before.isMovable === after.isMovable &&
    before.isDropTarget === after.isDropTarget &&
    before.isMenuOpen === after.isMenuOpen &&
    before.deeds === after.deeds,
);

interface RowMenuProps extends Pick<RowProps, "run" | "isSkipped" | "isMovable" | "deeds" | "onPick"> {
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
}

function RowMenu({ run, isSkipped, isMovable, isOpen, deeds, onOpen, onPick }: RowMenuProps) {
  const { arm, seed, state, key } = run;
  const button = (
    <ActionIcon size="sm" aria-label={`More about ${arm}, seed ${seed}`} aria-haspopup="menu" onClick={() => onOpen(!isOpen)}>
      <IconDots size={14} />
    </ActionIcon>
  );
  // A menu for every row would be a hundred of them: there is one, of the row that was asked.
  if (!isOpen) return button;
  const isOver = state.status === "finished" || state.status === "failed";
  return (
    <Menu opened onChange={onOpen} position="bottom-end" withinPortal>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onPick(run)}>Show the run</Menu.Item>
        {isMovable && (
          <>
            <Menu.Item onClick={() => deeds.moveBy(key, Number.NEGATIVE_INFINITY)}>Move to the front</Menu.Item>
            <Menu.Item onClick={() => deeds.moveBy(key, -1)}>Move up</Menu.Item>
            <Menu.Item onClick={() => deeds.moveBy(key, 1)}>Move down</Menu.Item>
          </>
        )}
        {state.status === "failed" && <Menu.Item onClick={() => deeds.retry([run])}>Retry from its last checkpoint</Menu.Item>}
        {isSkipped && <Menu.Item onClick={() => deeds.skip(run, false)}>Take back into the queue</Menu.Item>}
        {!isSkipped && !isOver && (
          <Menu.Item onClick={() => deeds.skip(run, true)}>
            {state.status === "running" ? "Stop after a checkpoint, and leave out" : "Leave out"}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function progressText({ status, phase, step, steps }: RunState): string {
  if (status === "finished") return "100 %";
  if (phase === "finetune") return "tuning";
  if (steps > 0) return `${Math.floor((step / steps) * 100)} %`;
  return status === "running" ? "starts" : "";
}
