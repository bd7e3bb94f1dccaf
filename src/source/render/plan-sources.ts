import type { Application, SourceSpec, SourceType } from '../../model/application.ts';
import type { JsonValue } from '../../model/json.ts';
import type { Tree } from '../tree.ts';
import { detectRenderer } from './detect.ts';
import { applyOverrides } from './overrides.ts';
import type { PlanRender, RenderPlan, RenderTools } from './renderer.ts';
import { variablesOf, withVariables } from './variables.ts';

/** A source with what it means now. */
export interface HeldSource {
  readonly spec: SourceSpec;
  /** Commit, or version of the chart. */
  readonly revision: string;
  readonly tree: Tree;
}

/** The plan of one source, and what it is rendered by. */
export interface SourcePlan {
  readonly type: SourceType;
  readonly plan: RenderPlan;
  /** The plan's, and everything that was put into it. */
  readonly identity: JsonValue;
}

export type Renderers = Readonly<Record<SourceType, PlanRender>>;

export interface PlanSourcesOptions {
  readonly renderers: Renderers;
  readonly tools: RenderTools;
}

/** What each source that has objects reads and how it is rendered; starts nothing. Throws OperatorError. */
export async function planSources(
  app: Application,
  held: readonly HeldSource[],
  options: PlanSourcesOptions,
): Promise<SourcePlan[]> {
  const refs = new Map(held.flatMap(({ spec, tree }) => (spec.ref === '' ? [] : [[spec.ref, tree] as const])));
  const plans: SourcePlan[] = [];
  for (const source of held) {
    const hasObjects = source.spec.path !== '' || source.spec.chart !== '';
    if (hasObjects) plans.push(await planSource({ app, source, refs }, options));
  }
  return plans;
}

interface Job {
  readonly app: Application;
  readonly source: HeldSource;
  readonly refs: ReadonlyMap<string, Tree>;
}

async function planSource({ app, source: held, refs }: Job, options: PlanSourcesOptions): Promise<SourcePlan> {
  const { tree, revision } = held;
  const overridden = await applyOverrides(rooted(held.spec), tree, app.name);
  const variables = variablesOf(app, held.spec, revision);
  const { source, used } = withVariables(overridden.source, variables, new Set(refs.keys()));
  const type = await detectRenderer(source, tree);
  const plan = await options.renderers[type]({ app, source, tree, refs }, options.tools);
  const commit = plan.unknown === undefined ? [] : [revision];
  const read = overridden.read.map(({ path, oid }) => [path, oid]);
  const values = [...used].sort().map((name) => [name, variables[name]]);
  return { type, plan, identity: [type, plan.identity, read, values, commit] };
}

/** A chart is the root of its own tree. */
function rooted(spec: SourceSpec): SourceSpec {
  return spec.chart === '' ? spec : { ...spec, path: '.' };
}
