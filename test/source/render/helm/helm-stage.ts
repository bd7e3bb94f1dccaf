import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SourceSpec } from '../../../../src/model/application.ts';
import type { Charts } from '../../../../src/source/charts/charts.ts';
import { ChartReader } from '../../../../src/source/charts/chart-reader.ts';
import { defaultLimits, type Limits } from '../../../../src/source/limits.ts';
import { createHelmPlanner } from '../../../../src/source/render/helm/helm.ts';
import type { ClusterFacts } from '../../../../src/model/ports.ts';
import type { PlanRender, RenderPlan, RenderTools, Written } from '../../../../src/source/render/renderer.ts';
import { startTools } from '../../../../src/source/tools/helper.ts';
import { Tree } from '../../../../src/source/tree.ts';
import { diskWorkspaces, type Workspaces } from '../../../../src/source/workspace.ts';
import { obtain } from '../../../../tools/assets/assets.ts';
import { createTemporaryFolder } from '../../../../tools/temporary-folder.ts';
import { realClock } from '../../../fakes/clock.ts';
import { sourceSpec } from '../../../fakes/source-spec.ts';
import { application } from '../../stage.ts';

export type Files = ReadonlyMap<string, Buffer>;

const noCharts: Charts = {
  resolve: () => Promise.reject(new Error('nobody expected a chart to be asked for')),
  open: () => Promise.reject(new Error('nobody expected a chart to be opened')),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

export const clusterFacts: ClusterFacts = {
  kubeVersion: 'v1.36.3',
  apiVersions: ['monitoring.coreos.com/v1', 'monitoring.coreos.com/v1/ServiceMonitor', 'v1'],
};

export interface HelmStageOptions {
  readonly charts?: Charts;
  readonly limits?: Partial<Limits>;
  readonly cluster?: () => ClusterFacts;
}

export interface Wish extends Partial<Pick<SourceSpec, 'path' | 'helm'>> {
  readonly name?: string;
  readonly refs?: ReadonlyMap<string, Tree>;
}

/** The renderer with the pinned Helm, in folders of its own. */
export interface HelmStage extends AsyncDisposable {
  readonly folder: string;
  /** Paths that the last render put on disk, sorted. */
  readonly placed: readonly string[];
  /** Folders of renders that are still there. */
  readonly open: ReadonlySet<string>;
  plan(tree: Tree, wish?: Wish): Promise<RenderPlan>;
  render(tree: Tree, wish?: Wish): Promise<Written>;
}

export async function createHelmStage(options: HelmStageOptions = {}): Promise<HelmStage> {
  const { helm } = await obtain(['helm']);
  const folder = await createTemporaryFolder('helm');
  const tools = startTools({
    clock: realClock,
    maxRenders: 2,
    path: path.join(folder.path, 'nothing'),
    scratch: path.join(folder.path, 'scratch'),
    programs: { helm },
  });
  const open = new Set<string>();
  const placed: string[] = [];
  const limits = { ...defaultLimits, ...options.limits };
  const renderTools: RenderTools = {
    tools,
    workspaces: watchedWorkspaces(diskWorkspaces(path.join(folder.path, 'renders'), limits), { open, placed }),
    charts: options.charts ?? noCharts,
    limits,
    cluster: options.cluster ?? (() => clusterFacts),
    allowRemoteBases: false,
  };
  const planner: PlanRender = createHelmPlanner();
  const plan = async (tree: Tree, { name = 'app', refs = new Map<string, Tree>(), ...source }: Wish = {}) => {
    const spec = sourceSpec({ path: '.', ...source });
    return await planner({ app: application({ name, source: spec }), source: spec, tree, refs }, renderTools);
  };
  return {
    folder: folder.path,
    placed,
    open,
    plan,
    async render(tree, wish) {
      placed.length = 0;
      const written = await (await plan(tree, wish)).run(new AbortController().signal);
      placed.sort();
      return written;
    },
    async [Symbol.asyncDispose]() {
      await tools[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Files in memory as the root of a commit; equal content, equal ids. */
export async function treeOf(files: Files | Readonly<Record<string, string>>): Promise<Tree> {
  const all =
    files instanceof Map
      ? (files as Files)
      : new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]));
  const reader = new ChartReader(all, defaultLimits);
  return new Tree(reader, await reader.rootTree());
}

export async function readFolder(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.relative(folder, file), await readFile(file));
  }
  return files;
}

/** The real ones, with a record of what was put into them. */
function watchedWorkspaces(
  real: Workspaces,
  seen: { readonly open: Set<string>; readonly placed: string[] },
): Workspaces {
  return {
    async create() {
      const workspace = await real.create();
      seen.open.add(workspace.folder);
      return {
        folder: workspace.folder,
        place: async (files, signal) => {
          seen.placed.push(...files.map((file) => file.path));
          await workspace.place(files, signal);
        },
        [Symbol.asyncDispose]: async () => {
          await workspace[Symbol.asyncDispose]();
          seen.open.delete(workspace.folder);
        },
      };
    },
  };
}
