// A tile's picture on neutral grey, to look into: zoom, pan, and a cursor that stands on one pixel.
import { ActionIcon } from "@mantine/core";
import { IconMinus, IconPlus, IconZoomReset } from "@tabler/icons-react";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { panned, pixelAt, showing, wholeView, zoomed } from "./picture-view.ts";
import classes from "./TileViewer.module.css";

export type Pixel = readonly [x: number, y: number];

export interface TileViewerProps {
  readonly src: string;
  readonly alt: string;
  /** Side of the tile, px. */
  readonly pixels: number;
  readonly isWide: boolean;
  readonly cursor: Pixel | null;
  readonly onCursor: (pixel: Pixel | null) => void;
  readonly onPin: (pixel: Pixel) => void;
  /** Pixels marked, with their colours. */
  readonly marks: readonly { readonly pixel: Pixel; readonly colour: string; readonly name: string }[];
}

const ZOOM_STEP = 1.5;
/** A shorter way of the pointer is a click with an unsteady hand, px. */
const LEAST_DRAG_PX = 4;
const STEPS: Readonly<Record<string, Pixel>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Pixels that an arrow moves with Shift. */
const LONG_STEP = 10;

export function TileViewer({ src, alt, pixels, isWide, cursor, onCursor, onPin, marks }: TileViewerProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState(() => wholeView(pixels));
  const drag = useRef<{ x: number; y: number; isMoved: boolean } | null>(null);
  const placeOf = ({ clientX, clientY }: { clientX: number; clientY: number }): Pixel => {
    const box = frame.current!.getBoundingClientRect();
    return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
  };
  // React listens to wheels without a way to keep the panel from scrolling.
  useEffect(() => {
    const element = frame.current;
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const at = placeOf(event);
      setView((now) => zoomed(now, event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP, pixels, at));
    };
    element?.addEventListener("wheel", turn, { passive: false });
    return () => element?.removeEventListener("wheel", turn);
  }, [pixels]);

  const move = (event: PointerEvent) => {
    const from = drag.current;
    if (!from) return onCursor(pixelAt(view, placeOf(event), pixels));
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.isMoved && Math.hypot(dx, dy) < LEAST_DRAG_PX) return;
    const { width } = frame.current!.getBoundingClientRect();
    drag.current = { x: event.clientX, y: event.clientY, isMoved: true };
    setView(panned(view, [-dx / width, -dy / width], pixels));
  };
  const release = (event: PointerEvent) => {
    if (drag.current && !drag.current.isMoved) onPin(pixelAt(view, placeOf(event), pixels));
    drag.current = null;
  };
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    const middle: Pixel = [Math.floor(pixels / 2), Math.floor(pixels / 2)];
    if (step) {
      const length = event.shiftKey ? LONG_STEP : 1;
      const [x, y] = cursor ? [cursor[0] + step[0] * length, cursor[1] + step[1] * length] : middle;
      const next: Pixel = [Math.min(pixels - 1, Math.max(0, x)), Math.min(pixels - 1, Math.max(0, y))];
      setView(showing(view, next, pixels));
      onCursor(next);
    } else if (event.key === "Enter" || event.key === " ") onPin(cursor ?? middle);
    else if (event.key === "+" || event.key === "=") zoom(ZOOM_STEP);
    else if (event.key === "-") zoom(1 / ZOOM_STEP);
    else if (event.key === "0") setView(wholeView(pixels));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const zoom = (factor: number) =>
    setView((now) => {
      const next = zoomed(
        now,
        factor,
        pixels,
        cursor ? [(cursor[0] + 0.5 - now.left) / now.side, (cursor[1] + 0.5 - now.top) / now.side] : undefined,
      );
      return next;
    });
  const share = (value: number) => `${(value / view.side) * 100}%`;
  const boxOf = ([x, y]: Pixel) => ({ left: share(x - view.left), top: share(y - view.top), width: share(1), height: share(1) });
  return (
    <div className={`${classes.surround} ${isWide ? classes.wide : ""}`}>
      <div
        ref={frame}
        className={classes.frame}
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
        tabIndex={0}
        aria-label={`${alt}. Arrows move the cursor, Enter keeps the spectrum, plus and minus zoom, 0 shows the whole tile.`}
        onPointerMove={move}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, y: event.clientY, isMoved: false };
        }}
        onPointerUp={release}
        onPointerLeave={() => onCursor(null)}
        onKeyDown={press}
      >
        <img
          src={src}
          alt={alt}
          draggable={false}
          className={classes.picture}
          style={{ width: share(pixels), left: share(-view.left), top: share(-view.top) }}
        />
        {marks.map(({ pixel, colour, name }) => (
          <span key={name} className={classes.mark} style={{ ...boxOf(pixel), outlineColor: colour }} />
        ))}
        {cursor && <span className={classes.cursor} style={boxOf(cursor)} />}
      </div>
      <div className={classes.zoom}>
        <ActionIcon size="sm" variant="default" aria-label="Zoom in" title="Zoom in (+)" onClick={() => zoom(ZOOM_STEP)}>
          <IconPlus size={14} />
        </ActionIcon>
        <ActionIcon
          size="sm"
          variant="default"
          aria-label="Zoom out"
          title="Zoom out (-)"
          disabled={view.side >= pixels}
          onClick={() => zoom(1 / ZOOM_STEP)}
        >
          <IconMinus size={14} />
        </ActionIcon>
        <ActionIcon
          size="sm"
          variant="default"
          aria-label="Whole tile"
          title="Whole tile (0)"
          disabled={view.side >= pixels}
          onClick={() => setView(wholeView(pixels))}
        >
          <IconZoomReset size={14} />
        </ActionIcon>
      </div>
    </div>
  );
}
