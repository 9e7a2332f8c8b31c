// Every number of every arm, sortable.
import { Button, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconDownload } from "@tabler/icons-react";
import { memo, useMemo, useState } from "react";
import { armTable, toCsv } from "../../../shared/domain/result-tables.ts";
import { CONTROL_ARM } from "../../../shared/domain/study.ts";
import type { ArmResult, StudyResult } from "../../../shared/domain/study-result.ts";
import { FamilyMark } from "../../components/FamilyMark.tsx";
import { download } from "../../components/figure-export.ts";
import classes from "./ArmTable.module.css";
import { type ArmColumn, armColumns } from "./arm-columns.ts";

export interface ArmTableProps {
  readonly result: StudyResult;
  readonly fileName: string;
  readonly highlight: string | null;
  readonly onHover: (arm: string | null) => void;
  readonly onPick: (arm: string) => void;
}

interface Order {
  readonly key: string;
  readonly isDescending: boolean;
}

export const ArmTable = memo(function ArmTable({ result, fileName, highlight, onHover, onPick }: ArmTableProps) {
  const [order, setOrder] = useState<Order>({ key: "f1", isDescending: true });
  const columns = useMemo(() => armColumns(result), [result]);
  const column = columns.find(({ key }) => key === order.key) ?? columns[0]!;
  const rows = useMemo(
    () => sorted(result.full ? [...result.arms, result.full] : result.arms, column, order.isDescending),
    [result, column, order.isDescending],
  );
  const sortBy = ({ key, isNumber }: ArmColumn) =>
    setOrder((now) => (now.key === key ? { key, isDescending: !now.isDescending } : { key, isDescending: isNumber && key !== "rank" }));
  const save = () => download(`${fileName}-arms.csv`, new Blob([toCsv(armTable(result))], { type: "text/csv;charset=utf-8" }));
  return (
    <section aria-label="Table of the arms">
      <div className={classes.head}>
        <h3>All numbers</h3>
        <Button variant="default" size="compact-xs" leftSection={<IconDownload size={13} />} onClick={save}>
          Save CSV
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section className={classes.scroll} tabIndex={0} aria-label="Arms, scrollable">
        <table className={classes.table} onMouseLeave={() => onHover(null)}>
          <thead>
            <tr>
              {columns.map((one) => (
                <Head key={one.key} column={one} order={order} onSort={() => sortBy(one)} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((arm) => (
              <Row key={arm.arm} arm={arm} columns={columns} isLit={arm.arm === highlight} onHover={onHover} onPick={onPick} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
});

interface RowProps {
  readonly arm: ArmResult;
  readonly columns: readonly ArmColumn[];
  readonly isLit: boolean;
  readonly onHover: (arm: string | null) => void;
  readonly onPick: (arm: string) => void;
}

const Row = memo(function Row({ arm, columns, isLit, onHover, onPick }: RowProps) {
  return (
    <tr
      data-lit={isLit || undefined}
      data-control={arm.arm === CONTROL_ARM || undefined}
      onMouseEnter={() => onHover(arm.arm)}
      onFocus={() => onHover(arm.arm)}
      onBlur={() => onHover(null)}
      onClick={() => onPick(arm.arm)}
    >
      {columns.map((one) => (
        <td key={one.key} className={one.isNumber ? classes.number : undefined}>
          {one.key === "arm" ? <ArmCell arm={arm} onPick={onPick} /> : one.text(arm)}
        </td>
      ))}
    </tr>
  );
});

function Head({ column, order, onSort }: { column: ArmColumn; order: Order; onSort: () => void }) {
  const isSorted = column.key === order.key;
  const Icon = order.isDescending ? IconArrowDown : IconArrowUp;
  const button = (
    <button type="button" onClick={onSort}>
      {column.title}
      <span className={classes.arrow}>{isSorted && <Icon size={12} aria-hidden />}</span>
    </button>
  );
  return (
    <th
      className={column.isNumber ? classes.number : undefined}
      aria-sort={isSorted ? (order.isDescending ? "descending" : "ascending") : "none"}
    >
      {column.help ? <Tooltip label={column.help}>{button}</Tooltip> : button}
    </th>
  );
}

function ArmCell({ arm, onPick }: { arm: ArmResult; onPick: (arm: string) => void }) {
  return (
    <span className={classes.arm}>
      <span className={classes.mark}>
        <FamilyMark arm={arm.arm} />
      </span>
      <button
        type="button"
        onClick={(event) => {
          event.stopPropagation();
          onPick(arm.arm);
        }}
      >
        {arm.arm}
      </button>
      {arm.isDropped && <span className={classes.dropped}>dropped</span>}
    </span>
  );
}

function sorted(arms: readonly ArmResult[], { value }: ArmColumn, isDescending: boolean): ArmResult[] {
  return [...arms].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    const difference = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return isDescending ? -difference : difference;
  });
}
