// Draws a figure of shared/figures as React elements: the same tree of nodes that the report and the command line write.
import {
  createElement,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { SvgNode } from "../../shared/figures/svg.ts";
import classes from "./Figure.module.css";

export interface FigureProps {
  /** Draws the figure for a width in CSS px; a pure function. Keep it stable (useCallback) to spare redrawing. */
  readonly draw: (width: number) => SvgNode;
  /** The arm under the pointer or the arrow keys; null when it leaves. */
  readonly onHover?: ((arm: string | null) => void) | undefined;
  /** An arm was clicked, or Enter pressed on it. */
  readonly onPick?: ((arm: string) => void) | undefined;
  /** The place on the x axis under the pointer, for figures with one plot (`data-plot`); null when it leaves. */
  readonly onCursor?: ((x: number | null) => void) | undefined;
  /** A part of the x axis was chosen by dragging or keys (+, −); null by a double click or 0: all of it. */
  readonly onZoom?: ((domain: readonly [number, number] | null) => void) | undefined;
  /** Width when it is not that of the container. */
  readonly width?: number | undefined;
  /** What the figure shows; the figure's own label when left out. */
  readonly label?: string | undefined;
  /** What lies over the drawing, placed in its px: handles to grasp. */
  readonly overlay?: ((drawing: SvgNode) => ReactNode) | undefined;
}

/** A figure as wide as its container. Nodes with `data-arm` can be hovered, picked, and reached by the arrow keys. */
export function Figure({ draw, onHover, onPick, onCursor, onZoom, width: fixedWidth, label, overlay }: FigureProps) {
  const host = useRef<HTMLDivElement>(null);
  const [measured, setMeasured] = useState(0);
  const [focused, setFocused] = useState<string | null>(null);

  useEffect(() => {
    const element = host.current;
    if (!element || fixedWidth !== undefined) return;
    const observer = new ResizeObserver(([entry]) => setMeasured(Math.floor(entry!.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [fixedWidth]);

  const width = fixedWidth ?? measured;
  const isInteractive = onHover !== undefined || onPick !== undefined;
  const hasPlot = onCursor !== undefined || onZoom !== undefined;
  const cursor = useRef<number | null>(null);
  /** Where the pointer was last. */
  const pointer = useRef<{ readonly clientX: number; readonly clientY: number } | null>(null);
  const drawing = useMemo(() => (width > 0 ? draw(width) : null), [draw, width]);
  const hover = (event: MouseEvent) => {
    // Redrawing under a resting pointer makes such events, too: they must not take the focus from the keys.
    const { clientX, clientY } = event;
    if (clientX === pointer.current?.clientX && clientY === pointer.current.clientY) return;
    pointer.current = { clientX, clientY };
    const arm = armAt(event.target);
    if (arm === focused) return;
    setFocused(arm);
    onHover?.(arm);
  };
  const follow = ({ clientX, clientY }: MouseEvent) => {
    pointer.current = { clientX, clientY };
  };
  const leave = () => {
    setFocused(null);
    onHover?.(null);
  };
  const pick = (event: MouseEvent) => {
    const arm = armAt(event.target);
    if (arm !== null) onPick?.(arm);
  };
  const press = (event: KeyboardEvent<HTMLDivElement>) => {
    const direction = DIRECTIONS[event.key];
    if (direction) {
      const next = neighbour(event.currentTarget, focused, direction);
      if (next === null) return;
      event.preventDefault();
      setFocused(next);
      onHover?.(next);
    } else if (event.key === "Enter" && focused !== null) onPick?.(focused);
  };

  const setCursor = (x: number | null) => {
    cursor.current = x;
    onCursor?.(x);
  };
  const pressInPlot = (event: KeyboardEvent<HTMLDivElement>) => {
    const [plot] = plotsOf(host.current);
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = keyedView(event.key, event.shiftKey, plot.domain, cursor.current);
    if (!next) return;
    event.preventDefault();
    if (next.cursor !== undefined) setCursor(next.cursor);
    if (next.zoom !== undefined) onZoom?.(next.zoom);
  };

  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const move = (event: PointerEvent) => {
    const place = plotPlace(host.current, event.clientX);
    setCursor(place?.value ?? null);
    if (drag && place) setDrag({ ...drag, to: place.px });
  };
  const startDrag = (event: PointerEvent) => {
    const place = onZoom && event.button === 0 ? plotPlace(host.current, event.clientX) : null;
    if (place) setDrag({ from: place.px, to: place.px });
  };
  const endDrag = () => {
    setDrag(null);
    const plot = drag && plotsOf(host.current).find(({ left, right }) => drag.from >= left && drag.from <= right);
    if (!drag || !plot || Math.abs(drag.to - drag.from) < LEAST_DRAG_PX) return;
    onZoom?.([plot.invert(Math.min(drag.from, drag.to)), plot.invert(Math.max(drag.from, drag.to))]);
  };
  const endPointer = () => {
    setDrag(null);
    setCursor(null);
  };

  return (
    <div
      ref={host}
      className={isInteractive ? `${classes.host} ${classes.interactive}` : classes.host}
      {...(isInteractive
        ? { onMouseOver: hover, onMouseMove: follow, onMouseLeave: leave, onClick: pick, onKeyDown: press, onBlur: leave }
        : {})}
      {...(hasPlot
        ? {
            onPointerMove: move,
            onPointerDown: startDrag,
            onPointerUp: endDrag,
            onPointerLeave: endPointer,
            onDoubleClick: () => onZoom?.(null),
            ...(isInteractive ? {} : { onKeyDown: pressInPlot, onBlur: endPointer }),
          }
        : {})}
    >
      {drawing && <Drawing node={drawing} label={label} isFocusable={isInteractive || hasPlot} />}
      {drawing && overlay?.(drawing)}
      {drag && <div className={classes.drag} style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }} />}
    </div>
  );
}

/** A shorter drag is a click with an unsteady hand. */
const LEAST_DRAG_PX = 6;

interface Plot {
  readonly left: number;
  readonly right: number;
  readonly domain: readonly [number, number];
  invert(px: number): number;
}

/** The plots of the figure inside an element, which share an x axis: where each lies and what it shows. None for other figures. */
function plotsOf(host: Element | null): Plot[] {
  const svg = host?.querySelector("svg[data-plot]");
  const ends = numbersOf(svg?.getAttribute("data-plot"));
  const [low, high] = numbersOf(svg?.getAttribute("data-domain"));
  if (low === undefined || high === undefined) return [];
  return Array.from({ length: ends.length >> 1 }, (_, i) => {
    const [left, right] = [ends[2 * i]!, ends[2 * i + 1]!];
    return { left, right, domain: [low, high], invert: (px) => low + ((px - left) / (right - left)) * (high - low) };
  });
}

const numbersOf = (text: string | null | undefined) => (text ?? "").split(" ").filter(Boolean).map(Number);

/** Place of the pointer in the figure, px, and on its x axis; null beside the plots. */
function plotPlace(host: Element | null, clientX: number): { px: number; value: number } | null {
  const box = host?.querySelector("svg")?.getBoundingClientRect();
  if (!box) return null;
  const px = clientX - box.left;
  const plot = plotsOf(host).find(({ left, right }) => px >= left && px <= right);
  return plot ? { px, value: plot.invert(px) } : null;
}

/** What a key does in a plot: arrows move the cursor (with Shift the part that is shown), + and − zoom about it, 0 shows all. */
export function keyedView(
  key: string,
  isShifted: boolean,
  [low, high]: readonly [number, number],
  cursor: number | null,
): { readonly cursor?: number; readonly zoom?: readonly [number, number] | null } | null {
  const span = high - low;
  const at = cursor === null || cursor < low || cursor > high ? low + span / 2 : cursor;
  const direction = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
  if (direction !== 0 && isShifted) {
    const from = Math.max(0, low + (direction * span) / 4);
    return { zoom: [from, from + span] };
  }
  if (direction !== 0) return { cursor: Math.min(high, Math.max(low, at + (direction * span) / 50)) };
  if (key === "+" || key === "=") return { cursor: at, zoom: [at - (at - low) / 2, at + (high - at) / 2] };
  if (key === "-") return { cursor: at, zoom: [Math.max(0, at - (at - low) * 2), at + (high - at) * 2] };
  if (key === "0") return { zoom: null };
  return null;
}

const Drawing = memo(function Drawing({ node, label, isFocusable }: { node: SvgNode; label: string | undefined; isFocusable: boolean }) {
  const root = { ...node.attributes, ...(label === undefined ? {} : { "aria-label": label }), ...(isFocusable ? { tabIndex: 0 } : {}) };
  return toReact({ ...node, attributes: root }, 0);
});

/** SVG's names are React's but for those with a dash, which React wants in camel case; `data-` and `aria-` stay. */
function reactName(name: string): string {
  if (name === "class") return "className";
  if (name.startsWith("data-") || name.startsWith("aria-")) return name;
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function toReact(node: SvgNode, key: number): ReactNode {
  const properties: Record<string, string | number> = { key };
  for (const [name, value] of Object.entries(node.attributes)) properties[reactName(name)] = value;
  return createElement(node.tag, properties, ...node.children.map((child, i) => (typeof child === "string" ? child : toReact(child, i))));
}

function armAt(target: EventTarget): string | null {
  return target instanceof Element ? (target.closest("[data-arm]")?.getAttribute("data-arm") ?? null) : null;
}

const DIRECTIONS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The arm nearest in a direction on the screen; the first one when none is focused. Sideways distance counts double, so that rows are followed. */
function neighbour(host: Element, from: string | null, [dx, dy]: readonly [number, number]): string | null {
  const centres = new Map<string, { x: number; y: number }>();
  for (const element of host.querySelectorAll("[data-arm]")) {
    const arm = element.getAttribute("data-arm")!;
    if (centres.has(arm)) continue;
    const box = element.getBoundingClientRect();
    centres.set(arm, { x: box.x + box.width / 2, y: box.y + box.height / 2 });
  }
  const start = from === null ? undefined : centres.get(from);
  if (!start) return centres.keys().next().value ?? null;
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const [arm, { x, y }] of centres) {
    const along = (x - start.x) * dx + (y - start.y) * dy;
    const across = Math.abs((x - start.x) * dy) + Math.abs((y - start.y) * dx);
    if (along <= 1) continue;
    const distance = along + 2 * across;
    if (distance < bestDistance) {
      bestDistance = distance;
      best = arm;
    }
  }
  return best;
}
