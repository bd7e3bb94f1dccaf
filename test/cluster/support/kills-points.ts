import type { KillPoint } from './kills-switch.ts';

/** So many points, drawn by the seed: the n-th is one of the writes of sync n, which has `counts[n % counts.length]`. */
export function pointsFrom(seed: number, counts: readonly number[], many: number): KillPoint[] {
  const random = randomFrom(seed);
  return Array.from({ length: many }, (_, index) => {
    const count = counts[index % counts.length] ?? 1;
    return { side: random() < 0.5 ? 'before' : 'after', write: 1 + Math.floor(random() * count) };
  });
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32, a generator in the public domain). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
