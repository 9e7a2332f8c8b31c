// The line between kept and dropped couplets, to be dragged, or moved by the arrow keys.
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import classes from "./DropHandle.module.css";

export interface DropHandleProps {
  /** Place of the line with 0, 1, ... couplets under it, px. */
  readonly stops: readonly number[];
  readonly dropped: number;
  /** The line moves under the hand; null: it is let go without a change. */
  readonly onMove: (dropped: number | null) => void;
  readonly onDrop: (dropped: number) => void;
}

export function DropHandle({ stops, dropped, onMove, onDrop }: DropHandleProps) {
  const isHeld = useRef(false);
  const most = stops.length - 2; // one is kept
  const allowed = (count: number) => Math.min(most, Math.max(1, count));
  const countAt = (event: PointerEvent) => {
    const top = event.currentTarget.parentElement!.getBoundingClientRect().top;
    const y = event.clientY - top;
    return allowed(stops.reduce((best, stop, i) => (Math.abs(stop - y) < Math.abs(stops[best]! - y) ? i : best), 0));
  };
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (event.key === "Escape" && isHeld.current) {
      isHeld.current = false;
      event.preventDefault();
      onMove(null);
    }
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onDrop(allowed(step === "most" ? most : step === "least" ? 1 : dropped + step));
  };
  return (
    <div
      className={classes.handle}
      style={{ top: stops[dropped] }}
      role="slider"
      tabIndex={0}
      aria-label="Couplets dropped before the second stage"
      aria-orientation="vertical"
      aria-valuemin={1}
      aria-valuemax={most}
      aria-valuenow={dropped}
      aria-valuetext={`${dropped} of ${stops.length - 1} couplets dropped`}
      title="Drag the line, or move it by the arrow keys, to drop more or fewer couplets"
      onKeyDown={press}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        isHeld.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => isHeld.current && onMove(countAt(event))}
      onPointerUp={(event) => {
        if (!isHeld.current) return;
        isHeld.current = false;
        const count = countAt(event);
        if (count === dropped) onMove(null);
        onDrop(count);
      }}
      onPointerCancel={() => {
        isHeld.current = false;
        onMove(null);
      }}
    >
      <span className={classes.grip} aria-hidden />
    </div>
  );
}

/** Up moves the line up: more couplets lie under it. */
const STEPS: Readonly<Record<string, number | "most" | "least">> = {
  ArrowUp: 1,
  ArrowDown: -1,
  PageUp: 5,
  PageDown: -5,
  End: "least",
  Home: "most",
};
