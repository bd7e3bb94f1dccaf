import type { Application } from '../model/application.ts';
import type { Artefact } from '../model/desired.ts';
import { sha256Hex } from '../model/hash.ts';
import type { ApplicationKey, Installation } from '../model/installation.ts';
import type { KubeObject } from '../model/object.ts';
import type { Clock, Scopes } from '../model/ports.ts';
import type { Rendered as RenderEvent, Telemetry } from '../model/telemetry.ts';
import type { ArtefactStore } from './artefacts.ts';
import type { Leniency } from './fit-to-schemas.ts';
import { fitToSchemas } from './fit-to-schemas.ts';
import type { Limits } from './limits.ts';
import type { PrepareOptions } from './prepare.ts';
import { prepareObjects } from './prepare.ts';
import type { RenderCache, Rendered } from './render/cache.ts';
import { planSources, type PlanSourcesOptions, type SourcePlan } from './render/plan-sources.ts';
import type { Held } from './sources.ts';

export interface RenderingOptions extends PlanSourcesOptions {
  readonly artefacts: ArtefactStore;
  readonly cache: RenderCache;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly scopes: Scopes;
  readonly installation: Pick<Installation, 'prefix'>;
  readonly telemetry: Pick<Telemetry, 'rendered'>;
  readonly normalise: PrepareOptions['normalise'];
  readonly mark: (object: KubeObject, app: Application) => KubeObject;
  /** For objects that are not to be validated, or have nulls; absent where there is no cluster to ask. */
  readonly leniency?: Leniency;
  /** Equal texts, equal facts. */
  readonly clusterFacts: () => string;
  /** Version of the operator, and whatever else changes what is made of the same files. */
  readonly version: string;
}

/** A render, and the artefact that it came to. */
export interface RenderedObjects {
  readonly key: string;
  readonly rendered: Rendered;
  readonly artefact: Artefact;
}

/** What an Application's render was made from last: tells why the next one differs. */
interface Before {
  readonly key: string;
  readonly parameters: string;
  readonly tools: string;
}

type Miss = NonNullable<RenderEvent['reason']>;

/** Renders what is held, or finds that it was rendered before. */
export class Rendering {
  readonly #options: RenderingOptions;
  readonly #before = new Map<ApplicationKey, Before>();

  constructor(options: RenderingOptions) {
    this.#options = options;
  }

  forget(key: ApplicationKey): void {
    this.#before.delete(key);
  }

  /** What was rendered under this key, when it is still there and holds. */
  async find(key: string): Promise<RenderedObjects | Extract<Miss, 'lost' | 'scopes'> | undefined> {
    const rendered = await this.#options.cache.find(key);
    if (rendered === undefined || rendered === 'scopes') return rendered;
    const artefact = await this.#options.artefacts.open(rendered.digest);
    return artefact === undefined ? 'lost' : { key, rendered, artefact };
  }

  /** Throws OperatorError; each call is one event. */
  async render(app: Application, held: Held, isHard: boolean, signal: AbortSignal): Promise<RenderedObjects> {
    const { clock, telemetry } = this.#options;
    const start = clock.monotonic();
    const told = (outcome: RenderEvent['outcome'], reason?: Miss): void =>
      telemetry.rendered({
        key: app.key,
        outcome,
        durationMs: clock.monotonic() - start,
        ...(reason === undefined ? {} : { reason }),
      });
    const plans = await planSources(app, held.sources, this.#options);
    const now = this.#keyOf(app, plans);
    const found = isHard ? 'hard' : await this.find(now.key);
    if (typeof found === 'object') {
      this.#before.set(app.key, now);
      told('hit');
      return found;
    }
    const reason = found ?? reasonOf(this.#before.get(app.key), now);
    try {
      const result = await this.#run(app, plans, now.key, signal);
      this.#before.set(app.key, now);
      told('miss', reason);
      return result;
    } catch (error) {
      told('failed', reason);
      throw error;
    }
  }

  #keyOf(app: Application, plans: readonly SourcePlan[]): Before {
    const { version, clusterFacts } = this.#options;
    const { destinationNamespace, syncOptions } = app.spec;
    const sources = plans.map((plan) => plan.identity);
    const identity = [version, app.key, destinationNamespace, sources, syncOptions.validate];
    return {
      key: sha256Hex(JSON.stringify(identity)),
      parameters: sha256Hex(JSON.stringify([app.spec.sources, destinationNamespace])),
      tools: `${version} ${clusterFacts()}`,
    };
  }

  async #run(
    app: Application,
    plans: readonly SourcePlan[],
    key: string,
    signal: AbortSignal,
  ): Promise<RenderedObjects> {
    const written = [];
    for (const { plan } of plans) written.push(await plan.run(signal));
    const context = { ...this.#options, app };
    const sources = await fitToSchemas(
      written.map(({ objects }) => objects),
      context,
    );
    const { objects, scopesUsed, repeated } = prepareObjects(sources, context);
    const artefact = await this.#options.artefacts.write(objects);
    const rendered: Rendered = {
      digest: artefact.digest,
      skippedDocuments: written.reduce((sum, { skippedDocuments }) => sum + skippedDocuments, 0),
      sourceTypes: plans.map(({ type }) => type),
      repeated,
      scopesUsed: [...scopesUsed.values()].map(({ kind, scope }) => (scope === undefined ? { kind } : { kind, scope })),
    };
    await this.#options.cache.write(key, rendered);
    return { key, rendered, artefact };
  }
}

function reasonOf(before: Before | undefined, now: Before): Miss {
  if (before === undefined) return 'new';
  if (before.parameters !== now.parameters) return 'parameters';
  if (before.key === now.key) return 'lost';
  return before.tools === now.tools ? 'content' : 'tools';
}
