import type { Health } from '../../model/health.ts';
import { shortHash } from '../../model/hash.ts';
import { encodeJson, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { refKey, refOf, resourceVersionOf } from '../../model/object.ts';
import type { Clock, LateVerdict } from '../../model/ports.ts';
import { healthy, progressing, unknown } from '../verdict.ts';
import type { ScriptOutcome } from './protocol.ts';
import type { ScriptThread } from './script-thread.ts';
import { createScriptThread } from './script-thread.ts';

export interface HealthScript {
  /** `group/Kind` as it is configured. */
  readonly name: string;
  readonly text: string;
  readonly hash: string;
}

export function healthScript(name: string, text: string): HealthScript {
  return { name, text, hash: shortHash(`${name}\n${text}`) };
}

export interface HealthScriptsOptions {
  readonly clock: Clock;
  /** A verdict that `verdict` could not give when it was asked. */
  readonly decided: (verdict: LateVerdict) => void;
  /** A script cannot be read, failed on an object or took too much; told once, until it works again or is changed. */
  readonly failed: (script: HealthScript, message: string) => void;
}

interface Known {
  readonly hash: string;
  readonly resourceVersion: string;
  readonly health: Health;
}

interface Question {
  readonly id: string;
  readonly script: HealthScript;
  readonly object: string;
  readonly about: Omit<LateVerdict, 'health'>;
}

/** Of objects, one verdict each; the one that was asked for longest ago goes first. */
const mostKnown = 20_000;
/** A script that took too much so often in a row is not run any more until it is changed. */
const mostStrikes = 3;

/**
 * Verdicts of scripts: an object in a version is shown to a script once.
 *
 * Guarantees: `verdict` never waits; until there is a new verdict the last one on the object holds, so that nothing
 * flickers. A script that fails makes the object Unknown. The thread is started by the first question.
 */
export class HealthScripts implements AsyncDisposable {
  readonly #options: HealthScriptsOptions;
  readonly #thread: ScriptThread;
  readonly #known = new Map<string, Known>();
  /** By object: of one that changes faster than it is assessed only the newest version is. */
  readonly #waiting = new Map<string, Question>();
  #asked: Question | undefined;
  #isWorking = false;
  #work: Promise<void> = Promise.resolve();
  #strikes = new Map<string, number>();
  #told = new Set<string>();
  #isDisposed = false;

  constructor(options: HealthScriptsOptions) {
    this.#options = options;
    this.#thread = createScriptThread(options.clock);
  }

  get isRunning(): boolean {
    return this.#thread.isRunning;
  }

  verdict(script: HealthScript, object: KubeObject): Health {
    const ref = refOf(object);
    const uid = stringAt(object.metadata, 'uid') ?? '';
    const id = uid === '' ? refKey(ref) : uid;
    const resourceVersion = resourceVersionOf(object);
    const known = this.#known.get(id);
    if (known?.hash === script.hash && known.resourceVersion === resourceVersion) return this.#remember(id, known);
    if ((this.#strikes.get(script.hash) ?? 0) >= mostStrikes)
      return unknown(
        `health script ${script.name} is not run any more: it took too much ${mostStrikes} times in a row`,
      );
    this.#ask({ id, script, object: shown(object), about: { ref, uid, resourceVersion } });
    return known?.health ?? progressing('its health script has not run yet');
  }

  /** Tells of a script that cannot be read before there is an object for it. */
  async check({ name, text, hash }: HealthScript): Promise<void> {
    const outcome = await this.#thread.ask({ kind: 'check', name, script: text });
    if (outcome.kind === 'failed') this.#failed({ name, text, hash }, outcome.message);
  }

  /** Forgets what was held against scripts that are not in force any more. */
  retain(scripts: readonly HealthScript[]): void {
    const hashes = new Set(scripts.map(({ hash }) => hash));
    this.#strikes = new Map([...this.#strikes].filter(([hash]) => hashes.has(hash)));
    this.#told = this.#told.intersection(hashes);
  }

  /** Resolves when every verdict that was asked for is there; undefined when none is waited for. */
  settled(): Promise<void> | undefined {
    return this.#isWorking ? this.#work : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#waiting.clear();
    await this.#thread[Symbol.asyncDispose]();
    await this.#work;
  }

  #ask(question: Question): void {
    if (this.#isDisposed || (this.#asked !== undefined && isSame(this.#asked, question))) return;
    this.#waiting.set(question.id, question);
    if (!this.#isWorking) this.#work = this.#workOff();
  }

  async #workOff(): Promise<void> {
    this.#isWorking = true;
    for (const [id, question] of this.#waiting) {
      this.#waiting.delete(id);
      this.#asked = question;
      const { name, text: script } = question.script;
      const now = Math.floor(this.#options.clock.now() / 1_000);
      const outcome = await this.#thread.ask({ kind: 'assess', name, script, object: question.object, now });
      this.#asked = undefined;
      if (!this.#isDisposed) this.#take(question, outcome);
    }
    this.#isWorking = false;
  }

  #take({ id, script, about }: Question, outcome: ScriptOutcome): void {
    const isSpent = outcome.kind === 'failed' && outcome.spent;
    if (isSpent) this.#strikes.set(script.hash, (this.#strikes.get(script.hash) ?? 0) + 1);
    else this.#strikes.delete(script.hash);
    if (outcome.kind === 'failed') this.#failed(script, outcome.message);
    const health = healthOf(outcome);
    this.#remember(id, { hash: script.hash, resourceVersion: about.resourceVersion, health });
    this.#options.decided({ ...about, health });
  }

  #failed(script: HealthScript, message: string): void {
    if (this.#isDisposed || this.#told.has(script.hash)) return;
    this.#told.add(script.hash);
    this.#options.failed(script, message);
  }

  #remember(id: string, known: Known): Health {
    this.#known.delete(id);
    this.#known.set(id, known);
    if (this.#known.size > mostKnown) this.#known.delete(this.#known.keys().next().value ?? '');
    return known.health;
  }
}

function isSame(a: Question, b: Question): boolean {
  return a.id === b.id && a.script.hash === b.script.hash && a.about.resourceVersion === b.about.resourceVersion;
}

/** Without who owns which field: that is often most of an object, and no script looks at it. */
function shown(object: KubeObject): string {
  const { metadata } = object;
  const rest = Object.fromEntries(Object.entries(metadata).filter(([field]) => field !== 'managedFields'));
  return encodeJson({ ...object, metadata: rest });
}

function healthOf(outcome: ScriptOutcome): Health {
  switch (outcome.kind) {
    case 'verdict':
      return { status: outcome.health.status, message: outcome.health.message.slice(0, longestMessage) };
    case 'silent':
      return healthy('not assessed: its health script returned nothing');
    case 'failed':
      return unknown(`health script failed: ${outcome.message.slice(0, longestMessage)}`);
  }
}

/** Characters; what is longer helps nobody in a status. */
const longestMessage = 2048;
