import type { ApplicationStatus } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { ParsedApplication } from '../model/parse-application.ts';
import { Attempts } from './attempts.ts';
import { asWritten } from './requests/as-written.ts';
import type { Resync } from './drift/correct.ts';
import { Corrector } from './drift/correct.ts';
import { declareKinds } from './load.ts';
import type { Ports } from './ports.ts';
import type { KeyedQueue } from './queue.ts';
import { Resumptions } from './requests/resumptions.ts';
import { Turns } from './turns.ts';
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
  readonly #resumptions: Resumptions;
  readonly #turns = new Turns();
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#attempts = new Attempts(options.ports.clock);
    this.#resumptions = new Resumptions(options.ports.clock, (key) => this.#changed(key));
  }

  start(): void {
    const { ports, queue, workers, reconcile } = this.#options;
    const { signal } = this.#abort;
    const resync: Resync = {
      now: (key) => queue.add(key, 'drift'),
      after: (key, delayMs) => queue.addAfter(key, delayMs),
    };
    const corrector = new Corrector(ports, resync, signal);
    this.#unsubscribe.push(
      ports.applications.onChange((key) => this.#changed(key)),
      ports.source.onNews((key) => queue.add(key, 'commit')),
      ports.live.onWake((key) => {
        ports.hookVerdicts.look(key, ports.live);
        queue.add(key, 'drift');
      }),
      ports.live.onSuspect((suspect) => corrector.take(suspect)),
    );
    const worker: WorkerOptions = { queue, ports, reconcile, attempts: this.#attempts, turns: this.#turns, signal };
    const begin = (): Promise<unknown> => Promise.all(Array.from({ length: workers }, () => work(worker)));
    this.#working = this.#knowAll(signal).then(begin);
  }

  /** Before anybody works: nothing may be pruned that another one claims. */
  async #knowAll(signal: AbortSignal): Promise<void> {
    for (const key of this.#options.ports.applications.keys()) {
      if (signal.aborted) return;
      this.#changed(key);
      await this.#turns.next();
    }
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#resumptions.stop();
    this.#abort.abort(new Error('stopping'));
    this.#options.queue.close();
    await this.#working;
  }

  /** An Application, or its record, is new, changed or gone. */
  #changed(key: ApplicationKey): void {
    const { ports, queue } = this.#options;
    const parsed = ports.applications.known(key);
    const matters = parsed === undefined ? undefined : this.#know(parsed);
    ports.dependencies.changed(key);
    if (matters === undefined) this.#forget(key);
    else if (this.#seen.get(key) === matters) return;
    else this.#seen.set(key, matters);
    queue.add(key, parsed?.kind === 'valid' && parsed.app.request !== undefined ? 'request' : 'commit');
  }

  #forget(key: ApplicationKey): void {
    this.#seen.delete(key);
    this.#resumptions.forget(key);
  }

  /** Has what the Application needs followed. The text is another one when it has to be looked at. */
  #know(parsed: ParsedApplication): string {
    const { ports } = this.#options;
    const { app } = parsed;
    ports.claims.recorded(app.key, app.record ?? []);
    declareKinds(app, ports);
    ports.source.artefacts.keep(app.key, digestsNeeded(app.status));
    const suspended = parsed.kind === 'valid' && this.#resumptions.isSuspended(parsed.app);
    if (parsed.kind === 'valid' && !app.deleting && !suspended) ports.source.follow(asWritten(parsed.app));
    else ports.source.unfollow(app.key);
    const { uid, generation, annotations, finalizers, deleting } = app;
    const request = parsed.kind === 'valid' ? parsed.app.request : undefined;
    return JSON.stringify([uid, generation, annotations, finalizers, deleting, suspended, request]);
  }
}

/** What is measured against, and what may be gone back to without a person, is never evicted. */
function digestsNeeded({ applied, hold, history = [] }: ApplicationStatus): string[] {
  const healthy = history.findLast(({ healthyAt }) => healthyAt !== undefined);
  return [applied, hold, healthy].flatMap((one) => (one === undefined || one.digest === '' ? [] : [one.digest]));
}
