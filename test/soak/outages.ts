import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultProxy, ProxyRequest, Rule } from '../../tools/fault-proxy.ts';
import type { GitFault } from '../../tools/git-server.ts';
import type { World } from '../../tools/world.ts';
import type { Chance } from './chance.ts';
import type { Replicas } from './replicas.ts';

const weights = {
  restartServer: 3,
  dropConnections: 3,
  cutWatches: 3,
  loseAnswers: 2,
  refuse: 2,
  slow: 1,
  git: 4,
  freezeLeader: 2,
  killLeader: 3,
  stopLeader: 2,
  killFollower: 1,
} as const;

type OutageKind = keyof typeof weights;

const isWatch = ({ path }: ProxyRequest): boolean => path.includes('watch=true');
const isWrite = ({ method }: ProxyRequest): boolean => method !== 'GET';

const gitFaults: readonly GitFault[] = [
  { kind: 'down' },
  { kind: 'hang' },
  { kind: 'answer', status: 503 },
  { kind: 'delay', ms: 500 },
];

/** What goes wrong around the operator, and with it. All of it is over when an act ends. */
export class Outages {
  readonly #world: World;
  readonly #replicas: Replicas;
  readonly #proxy: FaultProxy;
  readonly #chance: Chance;

  constructor(world: World, replicas: Replicas, { proxy, chance }: { proxy: FaultProxy; chance: Chance }) {
    this.#world = world;
    this.#replicas = replicas;
    this.#proxy = proxy;
    this.#chance = chance;
  }

  async act(): Promise<string> {
    const kind = this.#chance.weighted(weights);
    return `${kind}: ${await this.#acts[kind]()}`;
  }

  readonly #acts: Readonly<Record<OutageKind, () => Promise<string>>> = {
    restartServer: async () => {
      const forMs = this.#chance.between(0, 3_000);
      await this.#world.plane.kill('kube-apiserver');
      await sleep(forMs);
      await this.#world.plane.start('kube-apiserver');
      return `API server killed and started after ${forMs} ms`;
    },
    dropConnections: () => {
      this.#proxy.drop();
      return Promise.resolve('all connections to the API server');
    },
    cutWatches: async () => this.#rule({ when: isWatch, then: { kind: 'cut', afterMs: 700 } }),
    loseAnswers: async () => {
      let count = 0;
      const when = (request: ProxyRequest): boolean => isWrite(request) && (count += 1) % 7 === 0;
      return this.#rule({ when, then: { kind: 'cut', afterBytes: 0 } });
    },
    refuse: async () => {
      const [status, seconds] = this.#chance.pick([[429, 1] as const, [500, 0] as const, [503, 2] as const]);
      const headers: Record<string, string> = seconds === 0 ? {} : { 'retry-after': `${seconds}` };
      return this.#rule({ then: { kind: 'answer', status, headers, body: 'not now' } });
    },
    slow: async () => this.#rule({ then: { kind: 'delay', ms: 300 } }),
    git: async () => {
      const fault = this.#chance.pick(gitFaults);
      const forMs = this.#chance.between(1_000, 6_000);
      this.#world.git.setFault(fault);
      await sleep(forMs);
      this.#world.git.setFault(undefined);
      return `${JSON.stringify(fault)} for ${forMs} ms`;
    },
    freezeLeader: async () => this.#replicas.freezeLeader(this.#chance.between(0, 2_000)),
    killLeader: async () => this.#replicas.killLeader(),
    stopLeader: async () => this.#replicas.stopLeader(),
    killFollower: async () => this.#replicas.killFollower(),
  };

  async #rule(rule: Rule): Promise<string> {
    const forMs = this.#chance.between(1_000, 6_000);
    this.#proxy.rules = [rule];
    if (rule.when === isWatch) this.#proxy.drop();
    await sleep(forMs);
    this.#proxy.rules = [];
    return `${JSON.stringify(rule.then)} for ${forMs} ms`;
  }
}
