/** How a value goes on in time. */
export interface Slope {
  /** By how much it grows in a minute, by least squares. */
  readonly perMinute: number;
  /** Half of the range in which the true growth lies in 95 of 100 runs, if measurements scatter by chance. */
  readonly margin: number;
  readonly points: number;
}

/** Half of the range, in standard errors, for so many degrees of freedom (Student's t, 97.5 %). */
const STUDENT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];

/** The straight line through points of minutes and values; `undefined` if there are fewer than three. */
export function slopeOf(points: readonly (readonly [minute: number, value: number])[]): Slope | undefined {
  const count = points.length;
  if (count < 3) return undefined;
  const sum = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((total, point) => total + of(point), 0);
  const meanX = sum(([x]) => x) / count;
  const meanY = sum(([, y]) => y) / count;
  const spread = sum(([x]) => (x - meanX) ** 2);
  const perMinute = sum(([x, y]) => (x - meanX) * (y - meanY)) / spread;
  const residuals = sum(([x, y]) => (y - meanY - perMinute * (x - meanX)) ** 2);
  const error = Math.sqrt(residuals / (count - 2) / spread);
  return { perMinute, margin: (STUDENT[count - 3] ?? 2) * error, points: count };
}
