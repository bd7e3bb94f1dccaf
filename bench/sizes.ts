/** How much each workload does. */
export interface Sizes {
  readonly name: 'full' | 'quick';
  /** Runs that count, after one that does not. */
  readonly runs: number;
  readonly warmUps: number;
  /** Applications of the installs whose growth is measured; the last is the size of the promise. */
  readonly installs: readonly [number, number, number];
  /** The fleet that most workloads share. */
  readonly fleet: { readonly applications: number; readonly objectsEach: number };
  readonly commits: number;
  readonly drifts: number;
  readonly idleSeconds: number;
  readonly memory: { readonly applications: number; readonly objectsEach: number; readonly storm: number };
}

const full: Sizes = {
  name: 'full',
  runs: 3,
  warmUps: 1,
  installs: [100, 300, 1_000],
  fleet: { applications: 1_000, objectsEach: 10 },
  commits: 50,
  drifts: 200,
  idleSeconds: 600,
  memory: { applications: 500, objectsEach: 200, storm: 10_000 },
};

const quick: Sizes = {
  name: 'quick',
  runs: 1,
  warmUps: 0,
  installs: [20, 40, 80],
  fleet: { applications: 50, objectsEach: 10 },
  commits: 10,
  drifts: 40,
  idleSeconds: 60,
  memory: { applications: 20, objectsEach: 100, storm: 200 },
};

export function sizesFor(options: { readonly quick: boolean; readonly runs?: number }): Sizes {
  const sizes = options.quick ? quick : full;
  return options.runs === undefined ? sizes : { ...sizes, runs: options.runs };
}
