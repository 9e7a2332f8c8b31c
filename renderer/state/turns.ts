// Several parts of a view that are dear to draw: each takes a new value in its turn, one a frame, so that no frame draws them all.
import { useEffect, useRef, useState } from "react";

/** @returns the value of each part: the newest one, or one that is a few frames old */
export function useTurns<Part extends string, Value>(parts: readonly Part[], value: Value): Readonly<Record<Part, Value>> {
  const [given, setGiven] = useState(() => allOf(parts, value));
  const next = useRef(0);
  useEffect(() => {
    // From the part after the last one on, so that values which come with every frame reach the last part, too.
    const waiting = [...parts.slice(next.current), ...parts.slice(0, next.current)].find((part) => given[part] !== value);
    if (waiting === undefined) return;
    const frame = requestAnimationFrame(() => {
      next.current = (parts.indexOf(waiting) + 1) % parts.length;
      setGiven((now) => ({ ...now, [waiting]: value }));
    });
    return () => cancelAnimationFrame(frame);
  }, [parts, given, value]);
  return given;
}

const allOf = <Part extends string, Value>(parts: readonly Part[], value: Value) =>
  Object.fromEntries(parts.map((part) => [part, value])) as Record<Part, Value>;
