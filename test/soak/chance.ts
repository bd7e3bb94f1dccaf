import assert from 'node:assert/strict';
import { randomFrom } from '../../tools/seeded-random.ts';

/** What a seed decides. Each lane of the script has one of its own, so that what one meets does not change another. */
export class Chance {
  readonly #next: () => number;

  constructor(seed: number, lane: string) {
    const mixed = Buffer.from(lane).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), seed);
    this.#next = randomFrom(mixed);
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.between(0, items.length - 1)];
    assert.ok(item !== undefined, 'there is something to pick from');
    return item;
  }

  /** Up to so many different ones. */
  some<T>(items: readonly T[], most: number): T[] {
    const left = [...items];
    const count = Math.min(most, left.length);
    return Array.from({ length: count }, () => left.splice(this.between(0, left.length - 1), 1)).flat();
  }

  /** One of the names, each as likely as its number says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let left = this.#next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return this.pick(entries)[0];
  }
}
