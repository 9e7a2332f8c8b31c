// Boxes and lassos drawn over the map. A box is drawn with Shift held down, too.
import { type MouseEvent, type PointerEvent, useState } from "react";
import type { Point } from "./footprints.ts";

export type Tool = "box" | "lasso";

export interface Drawing {
  readonly tool: Tool;
  /** px: of a box two opposite corners, of a lasso its line. */
  readonly points: readonly Point[];
}

/** Shapes smaller than this are slips of the hand, px. */
const LEAST_SHAPE_PIXELS = 5;

/** @param onDrawn gets a shape that is finished */
export function useDrawing(onDrawn: (drawing: Drawing) => void) {
  const [tool, setTool] = useState<Tool | null>(null);
  const [drawing, setDrawing] = useState<Drawing | null>(null);
  const pointAt = ({ clientX, clientY, currentTarget }: MouseEvent): Point => {
    const { left, top } = currentTarget.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  const isDrawn = (event: MouseEvent) =>
    event.button === 0 && (tool !== null || event.shiftKey) && event.target instanceof HTMLCanvasElement;
  return {
    tool,
    drawing,
    setTool,
    stop() {
      setTool(null);
      setDrawing(null);
    },
    handlers: {
      onPointerDownCapture(event: PointerEvent) {
        if (!isDrawn(event)) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const point = pointAt(event);
        setDrawing({ tool: tool ?? "box", points: [point, point] });
      },
      /** Else the map moves, too. */
      onMouseDownCapture(event: MouseEvent) {
        if (isDrawn(event)) event.stopPropagation();
      },
      onPointerMove(event: PointerEvent) {
        if (!drawing) return;
        const point = pointAt(event);
        setDrawing({ ...drawing, points: drawing.tool === "box" ? [drawing.points[0]!, point] : [...drawing.points, point] });
      },
      onPointerUp() {
        if (!drawing) return;
        setDrawing(null);
        setTool(null);
        const [xs, ys] = [drawing.points.map(([x]) => x), drawing.points.map(([, y]) => y)];
        const side = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
        if (side >= LEAST_SHAPE_PIXELS) onDrawn(drawing);
      },
      onPointerCancel() {
        setDrawing(null);
      },
    },
  } as const;
}
