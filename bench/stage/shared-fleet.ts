import type { Reading } from '../figures.ts';
import type { Sizes } from '../sizes.ts';
import type { FleetShape, Member } from './fleet.ts';
import { IdleLoop } from './idle-loop.ts';
import { Scrapes } from './scrapes.ts';
import type { Stage } from './stage.ts';
import { startStage } from './stage.ts';

/** A fleet in sync that several workloads use one after the other. */
export interface Fleet {
  readonly stage: Stage;
  readonly shape: FleetShape;
  readonly members: readonly Member[];
  /** What its first sync was like. */
  readonly firstSync: readonly Reading[];
}

export class SharedFleet implements AsyncDisposable {
  readonly #sizes: Sizes;
  #fleet: Promise<Fleet> | undefined;

  constructor(sizes: Sizes) {
    this.#sizes = sizes;
  }

  async get(): Promise<Fleet> {
    this.#fleet ??= deploy(this.#sizes.fleet);
    return this.#fleet;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const fleet = await this.#fleet?.catch(() => undefined);
    await fleet?.stage[Symbol.asyncDispose]();
  }
}

async function deploy(shape: FleetShape): Promise<Fleet> {
  await using cleanup = new AsyncDisposableStack();
  const stage = cleanup.use(await startStage());
  const members = await stage.prepare(shape);
  await stage.start();
  const firstSync = await watchFirstSync(stage, shape, members);
  await stage.untilQuiet();
  cleanup.move();
  return { stage, shape, members, firstSync };
}

async function watchFirstSync(stage: Stage, shape: FleetShape, members: readonly Member[]): Promise<Reading[]> {
  await using idle = new IdleLoop();
  await using scrapes = new Scrapes(stage.operator);
  await stage.declare(shape, members);
  const names = members.map(({ name }) => name);
  await stage.applications.untilEach('synced', names);
  await scrapes.end();
  const floor = await idle.longestBlock();
  return [
    { figure: 'longest block of the event loop', unit: 'ms', value: scrapes.longestBlockMs, floor },
    { figure: 'p99 of /metrics', unit: 'ms', value: scrapes.p99Ms },
  ];
}
