import type { Application } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import { Attempts } from './attempts.ts';
import { Corrector } from './correct.ts';
import { declareKinds } from './load.ts';
import type { Ports } from './ports.ts';
import type { KeyedQueue } from './queue.ts';
import type { WorkerOptions } from './worker.ts';
import { work } from './worker.ts';

export interface ControllerOptions {
  readonly ports: Ports;
  readonly queue: KeyedQueue;
  readonly workers: number;
  readonly reconcile: WorkerOptions['reconcile'];
}

/**
 * Connects what happens in the world with the queue, and the queue with workers.
 *
 * Guarantees: after `stop` nothing of it sends a request.
 * Assumptions: the lists of Applications and Inventories are complete when it starts.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #attempts: Attempts;
  readonly #abort = new AbortController();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #seen = new Map<ApplicationKey, string>();
  #workers: Promise<unknown> = Promise.resolve();

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options.ports.clock);
  }

  start(): void {
    const { ports, queue, workers, reconcile } = this.#options;
    const { signal } = this.#abort;
    const corrector = new Corrector(ports, (key) => queue.add(key, 'drift'), signal);
    this.#unsubscribe.push(
      ports.applications.onChange((key) => this.#changed(key)),
      ports.source.onNews((key) => queue.add(key, 'commit')),
      ports.live.onWake((key) => queue.add(key, 'drift')),
      ports.live.onSuspect((suspect) => corrector.take(suspect)),
    );
    for (const key of ports.applications.keys()) this.#changed(key);
    const worker: WorkerOptions = { queue, ports, reconcile, attempts: this.#attempts, signal };
    this.#workers = Promise.all(Array.from({ length: workers }, () => work(worker)));
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#abort.abort(new Error('stopping'));
    this.#options.queue.close();
    await this.#workers;
  }

  /** An Application, or its record, is new, changed or gone. */
  #changed(key: ApplicationKey): void {
    const { ports, queue } = this.#options;
    const parsed = ports.applications.known(key);
    if (parsed === undefined) {
      this.#seen.delete(key);
      queue.add(key, 'commit');
      return;
    }
    const { app } = parsed;
    ports.claims.recorded(key, app.record ?? []);
    declareKinds(app, ports);
    ports.source.artefacts.keep(key, app.status.applied === undefined ? [] : [app.status.applied.digest]);
    if (parsed.kind === 'valid' && needsGit(parsed.app)) ports.source.follow(parsed.app);
    else ports.source.unfollow(key);
    const matters = JSON.stringify([app.uid, app.generation, app.annotations, app.finalizers, app.deleting]);
    if (this.#seen.get(key) === matters) return;
    this.#seen.set(key, matters);
    queue.add(key, parsed.kind === 'valid' && parsed.app.request !== undefined ? 'request' : 'commit');
  }
}

function needsGit(app: Application): boolean {
  return !app.deleting && app.spec.suspend === undefined;
}
