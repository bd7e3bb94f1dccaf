/** Of an even number of values the lower one of the two in the middle: a figure that was measured, not an average. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** By nearest rank: the smallest value that so many per cent of all do not exceed. NaN when there is none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export interface Point {
  readonly size: number;
  readonly cost: number;
}

/** How cost grows with size: the slope of the line nearest to all points on logarithmic scales; 1 = linear. */
export function exponent(points: readonly Point[]): number {
  const logs = points.map(({ size, cost }) => ({ x: Math.log(size), y: Math.log(cost) }));
  const meanX = mean(logs.map(({ x }) => x));
  const meanY = mean(logs.map(({ y }) => y));
  const covariance = mean(logs.map(({ x, y }) => (x - meanX) * (y - meanY)));
  return covariance / mean(logs.map(({ x }) => (x - meanX) ** 2));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
