// The learning rate over a run: linear warm-up, then cosine to zero.

export interface Schedule {
  /** Steps of the whole run. Differs from the reference: the study's cosine ended after 1,000 steps whatever the run's length. */
  readonly steps: number;
  /** Learning rate at the end of the warm-up. */
  readonly peak: number;
  /** Share of the steps with rising learning rate, 0..0.5. */
  readonly warmupShare: number;
}

/**
 * The learning rate of a step; pure, so a resumed run needs no state of it.
 * @param step steps done before this one, 0 .. steps - 1. No step has a rate of zero.
 * @see SGDR, arXiv 1608.03983, equation 5
 */
export function learningRateAt({ steps, peak, warmupShare }: Schedule, step: number): number {
  const warmup = Math.floor(steps * warmupShare);
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return (peak / 2) * (1 + Math.cos(Math.PI * progress));
}
