// What the training view shows, kept in its route: x axis, smoothing, the part of the axis, how all arms are shown.
import { useMemo } from "react";
import type { XAxis } from "../../../shared/figures/loss-curves.ts";
import { SMOOTHING } from "../../../shared/figures/loss-curves.ts";
import { useRoute } from "../../state/router.ts";

export const AXES: readonly { readonly value: XAxis; readonly label: string }[] = [
  { value: "epoch", label: "epochs" },
  { value: "views", label: "views" },
  { value: "minutes", label: "time" },
];
export const ARM_MODES = ["cells", "overlay", "matrix"] as const;
export type ArmMode = (typeof ARM_MODES)[number];

export interface CurveView {
  readonly axis: XAxis;
  /** Share of a curve that is averaged, 0..1. */
  readonly smoothing: number;
  readonly domain: readonly [number, number] | undefined;
  readonly mode: ArmMode;
  setAxis(axis: XAxis): void;
  setSmoothing(share: number): void;
  setDomain(domain: readonly [number, number] | null): void;
  setMode(mode: ArmMode): void;
}

export const MOST_SMOOTHING = 0.2;

/** Both ends of `12.5~30`; undefined for anything else. */
export function parseDomain(text: string | undefined): readonly [number, number] | undefined {
  const [low, high, ...more] = (text ?? "").split("~").map((part) => (part === "" ? Number.NaN : Number(part)));
  return more.length === 0 && Number.isFinite(low) && Number.isFinite(high) && low! < high! ? [low!, high!] : undefined;
}

export function useCurveView(): CurveView {
  const { route, setQuery } = useRoute();
  const { axis, smooth, zoom, arms } = route.query;
  return useMemo(() => {
    const share = smooth === undefined ? Number.NaN : Number(smooth) / 100;
    return {
      axis: AXES.find(({ value }) => value === axis)?.value ?? "epoch",
      smoothing: share >= 0 && share <= MOST_SMOOTHING ? share : SMOOTHING,
      domain: parseDomain(zoom),
      mode: ARM_MODES.find((known) => known === arms) ?? "cells",
      // Another axis has other numbers: the part that was shown means nothing on it.
      setAxis: (next) => setQuery({ axis: next === "epoch" ? null : next, zoom: null }, { replace: true }),
      setSmoothing: (next) => setQuery({ smooth: String(Number((next * 100).toFixed(1))) }, { replace: true }),
      setDomain: (next) => setQuery({ zoom: next?.map((end) => Number(end.toPrecision(6))).join("~") ?? null }, { replace: true }),
      setMode: (next) => setQuery({ arms: next === "cells" ? null : next }, { replace: true }),
    };
  }, [axis, smooth, zoom, arms, setQuery]);
}
