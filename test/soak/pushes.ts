import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../../tools/world.ts';
import { proofOf } from '../webhook/stage.ts';
import type { Repository } from './fleet.ts';
import type { Replicas } from './replicas.ts';

const secret = 'known to the forge';
const againMs = 300;
/** A replica that stands still takes connections and never answers. */
const answerMs = 3_000;

export async function allowPushes({ plane, git }: World): Promise<void> {
  const metadata = { name: 'push', namespace: 'evenkeel', labels: { 'evenkeel.dev/webhook': 'generic' } };
  const body = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { repoURL: git.url, secret } };
  await plane.api.must({ method: 'POST', path: '/api/v1/namespaces/evenkeel/secrets', body });
}

/**
 * Tells the operator of commits as a forge does that delivers again until somebody takes it. Only what came before a
 * delivery began is told by it.
 */
export class Pushes {
  readonly #replicas: Replicas;
  readonly #signal: AbortSignal;
  /** How often it was told of each that has not been delivered. */
  readonly #pending = new Map<Repository, { told: number; readonly done: Promise<void> }>();

  constructor(replicas: Replicas, signal: AbortSignal) {
    this.#replicas = replicas;
    this.#signal = signal;
  }

  tell(repository: Repository): void {
    const pending = this.#pending.get(repository);
    if (pending === undefined) this.#pending.set(repository, { told: 1, done: this.#deliver(repository) });
    else pending.told += 1;
  }

  async allDelivered(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all([...this.#pending.values()].map(({ done }) => done));
  }

  async #deliver(repository: Repository): Promise<void> {
    // Not within `tell`: it has to be known as pending first.
    await Promise.resolve();
    while (!this.#signal.aborted) {
      const pending = this.#pending.get(repository);
      if (pending === undefined) return;
      const { told } = pending;
      const isTaken = await this.#send(repository);
      if (!isTaken) await sleep(againMs);
      else if (pending.told === told) this.#pending.delete(repository);
    }
    this.#pending.clear();
  }

  async #send({ git }: Repository): Promise<boolean> {
    const body = JSON.stringify({ repository: git.url, ref: 'refs/heads/main' });
    const headers = { 'Content-Type': 'application/json', ...proofOf('generic', body, secret) };
    const answers = this.#replicas.running.map(async ({ webhookUrl }) => {
      const signal = AbortSignal.timeout(answerMs);
      const response = await fetch(webhookUrl, { method: 'POST', headers, body, signal });
      await response.text();
      return response.status === 202;
    });
    const settled = await Promise.allSettled(answers);
    return settled.some((answer) => answer.status === 'fulfilled' && answer.value);
  }
}
