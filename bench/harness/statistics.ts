/** What several rounds of one measurement say. */
export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** The value below which `part` (0 to 1) of the figures lie; between two figures it is interpolated. */
export function quantile(figures: readonly number[], part: number): number {
  const sorted = [...figures].sort((one, other) => one - other);
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** Lowest and highest are kept, not a deviation: of three or five rounds that is what there is to know. */
export function summarise(figures: readonly number[]): Summary {
  return { median: quantile(figures, 0.5), low: quantile(figures, 0), high: quantile(figures, 1) };
}
