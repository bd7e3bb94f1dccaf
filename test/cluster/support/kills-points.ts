import { randomFrom } from '../../../tools/seeded-random.ts';
import type { KillPoint } from './kills-switch.ts';

/** So many points, drawn by the seed: the n-th is one of the writes of sync n, which has `counts[n % counts.length]`. */
export function pointsFrom(seed: number, counts: readonly number[], many: number): KillPoint[] {
  const random = randomFrom(seed);
  return Array.from({ length: many }, (_, index) => {
    const count = counts[index % counts.length] ?? 1;
    return { side: random() < 0.5 ? 'before' : 'after', write: 1 + Math.floor(random() * count) };
  });
}
