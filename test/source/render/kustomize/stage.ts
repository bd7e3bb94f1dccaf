import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { KustomizeOptions, SourceSpec } from '../../../../src/model/application.ts';
import { canonicalJson } from '../../../../src/model/json.ts';
import type { Charts } from '../../../../src/source/charts/charts.ts';
import type { ObjectReader } from '../../../../src/source/git/engine.ts';
import { defaultLimits, type Limits } from '../../../../src/source/limits.ts';
import { createKustomizePlanner } from '../../../../src/source/render/kustomize/kustomize.ts';
import type { PlanRender, RenderPlan, RenderTools, Written } from '../../../../src/source/render/renderer.ts';
import { startTools } from '../../../../src/source/tools/helper.ts';
import { Tree } from '../../../../src/source/tree.ts';
import { diskWorkspaces } from '../../../../src/source/workspace.ts';
import { obtain } from '../../../../tools/assets/assets.ts';
import { createTemporaryFolder } from '../../../../tools/temporary-folder.ts';
import { realClock } from '../../../fakes/clock.ts';
import { sourceSpec } from '../../../fakes/source-spec.ts';
import { application } from '../../stage.ts';

export interface StageOptions {
  readonly limits?: Partial<Limits>;
  readonly allowRemoteBases?: boolean;
  /** Where git and the like are found; nowhere unless said. */
  readonly path?: string;
}

const noCharts: Charts = {
  resolve: () => Promise.reject(new Error('kustomize asks for no chart')),
  open: () => Promise.reject(new Error('kustomize asks for no chart')),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** What is rendered of a tree. */
export interface Wish {
  readonly path?: string;
  readonly kustomize?: KustomizeOptions;
}

/** The renderer with the pinned kustomize, in folders of its own. */
export interface RenderStage extends AsyncDisposable {
  /** The program. */
  readonly kustomize: string;
  readonly folder: string;
  /** Folders of renders that are still there. */
  workspaces(): Promise<string[]>;
  plan(reader: ObjectReader, root: string, wish?: Wish): Promise<RenderPlan>;
  render(reader: ObjectReader, root: string, wish?: Wish): Promise<Written>;
}

export async function createRenderStage(options: StageOptions = {}): Promise<RenderStage> {
  const { kustomize } = await obtain(['kustomize']);
  const folder = await createTemporaryFolder('kustomize');
  const tools = startTools({
    clock: realClock,
    maxRenders: 2,
    path: options.path ?? path.join(folder.path, 'nothing'),
    scratch: path.join(folder.path, 'scratch'),
    programs: { kustomize },
  });
  const planner = createKustomizePlanner();
  const renders = path.join(folder.path, 'renders');
  const limits = { ...defaultLimits, ...options.limits };
  const renderTools: RenderTools = {
    tools,
    workspaces: diskWorkspaces(renders, limits),
    charts: noCharts,
    limits,
    cluster: () => ({ kubeVersion: 'v1.36.3', apiVersions: [] }),
    allowRemoteBases: options.allowRemoteBases ?? false,
  };
  return {
    kustomize,
    folder: folder.path,
    workspaces: () => readdir(renders),
    plan: (reader, root, wish = {}) => planOf(planner, renderTools, new Tree(reader, root), wish),
    render: async (reader, root, wish = {}) => {
      const plan = await planOf(planner, renderTools, new Tree(reader, root), wish);
      return await plan.run(AbortSignal.timeout(120_000));
    },
    async [Symbol.asyncDispose]() {
      await tools[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function planOf(planner: PlanRender, tools: RenderTools, tree: Tree, wish: Wish): Promise<RenderPlan> {
  const { path: at = '.', kustomize } = wish;
  const source: SourceSpec = sourceSpec({ path: at, ...(kustomize === undefined ? {} : { kustomize }) });
  return await planner({ app: application({ source }), source, tree, refs: new Map() }, tools);
}

/** The objects in the order in which they were built, as text that is equal when they are. */
export function written({ objects }: Pick<Written, 'objects'>): string[] {
  return objects.map(({ object }) => canonicalJson(object));
}
