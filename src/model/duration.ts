const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** As people write it: `10m`, `1h30m`, `45s`, `500ms`. */
export function describeDuration(ms: number): string {
  let left = Math.round(ms);
  const parts = Object.entries(unitMs)
    .toReversed()
    .map(([unit, size]) => {
      const count = Math.floor(left / size);
      left -= count * size;
      return count === 0 ? '' : `${count}${unit}`;
    });
  return parts.join('') || '0s';
}

/**
 * Milliseconds of a Go duration (`1h30m`, `500ms`); a bare number is seconds, as Argo CD reads it.
 * undefined when the text is no duration. The CRD's pattern admits the same texts.
 */
export function parseDuration(text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) return Number(text) * 1000;
  if (!/^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g))
    total += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  return total;
}

/** RFC 3339 with whole seconds, as Kubernetes has times. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.[0-9]+Z$/, 'Z');
}
