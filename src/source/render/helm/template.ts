import { posix } from 'node:path';
import type { HelmOptions } from '../../../model/application.ts';
import { chartUnavailable, renderError } from '../../failures.ts';
import type { ToolResult } from '../../tools/tools.ts';
import type { PlacedFile, Workspace } from '../../workspace.ts';
import type { RenderTools, Written } from '../renderer.ts';
import { capabilityArguments, flagArguments, parameterArguments, valuesText, type Capabilities } from './arguments.ts';
import { filesOf } from './chart-facts.ts';
import type { ChartPlan, PlannedArchive } from './chart-plan.ts';
import { decodeOutput } from './output.ts';
import type { NamedFile } from './value-files.ts';

/** Everything that one run of `helm template` depends on. */
export interface Template {
  /** The chart's, from the repository's root, for messages. */
  readonly folder: string;
  readonly release: string;
  /** Empty: Helm's own. */
  readonly namespace: string;
  readonly options: HelmOptions;
  readonly chart: ChartPlan;
  readonly valueFiles: readonly NamedFile[];
  /** By parameter. */
  readonly parameterFiles: ReadonlyMap<string, NamedFile>;
  readonly capabilities: Capabilities;
}

/** Helm has no reason to ask anybody; should it find one, it gets no further than this. */
const noNetwork = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' };

interface Stage {
  readonly workspace: Workspace;
  readonly tools: RenderTools;
  readonly signal: AbortSignal;
  /** What messages say instead of a path of ours. */
  readonly names: { readonly text: string; readonly by: string }[];
}

/** Puts what is needed into a fresh folder and runs Helm there. Throws OperatorError RenderFailed with Helm's words. */
export async function runTemplate(template: Template, tools: RenderTools, signal: AbortSignal): Promise<Written> {
  await using workspace = await tools.workspaces.create();
  const stage: Stage = { workspace, tools, signal, names: [] };
  await placeChart(template.chart, 'chart', stage);
  const files = placedFiles(template, stage);
  await workspace.place(
    files.map(({ file }) => file),
    signal,
  );
  const { release, namespace, options, capabilities } = template;
  const { stdout } = await runHelm(
    [
      ...['template', release, './chart'],
      ...(namespace === '' ? [] : ['--namespace', namespace]),
      ...files.flatMap(({ args }) => args),
      ...parameterArguments(options),
      ...capabilityArguments(capabilities),
      ...flagArguments(options),
    ],
    template.folder,
    stage,
  );
  return await decodeOutput(template.folder, stdout, { limits: tools.limits, signal });
}

/** Local dependencies become archives as `helm dependency build` makes them, so that their own .helmignore counts. */
async function placeChart({ folder, archives, locals }: ChartPlan, at: string, stage: Stage): Promise<void> {
  const files: PlacedFile[] = (await filesOf(folder)).map(({ path, node }) => ({
    path: `${at}/${path}`,
    bytes: async () => await node.tree.read(node),
  }));
  for (const { chart, digest } of archives) {
    files.push({
      path: `${at}/charts/${posix.basename(chart.name)}-${chart.version}.tgz`,
      bytes: async () => await archiveOf(chart, digest, stage),
    });
  }
  await stage.workspace.place(files, stage.signal);
  for (const [index, local] of locals.entries()) {
    const place = `${at}.${index}`;
    stage.names.push({ text: place, by: local.folder.path });
    await placeChart(local, place, stage);
    await runHelm(['package', `./${place}`, '--destination', `./${at}/charts`], local.folder.path, stage);
  }
}

async function archiveOf(
  chart: PlannedArchive['chart'],
  digest: string,
  { tools, signal }: Stage,
): Promise<Uint8Array> {
  await using opened = await tools.charts.open(chart, signal);
  if (opened.digest === digest) return await opened.archive();
  throw chartUnavailable(
    `${chart.repository.url}: ${chart.name} ${chart.version} was replaced by another archive meanwhile`,
  );
}

/** In the order in which Helm has to hear of them: the last one wins. */
function placedFiles({ valueFiles, options, parameterFiles }: Template, stage: Stage) {
  const placed: { file: PlacedFile; args: readonly string[] }[] = [];
  const add = (flag: string, name: string, { label, bytes }: { label: string; bytes: PlacedFile['bytes'] }): void => {
    const path = `options/${placed.length}.yaml`;
    stage.names.push({ text: path, by: label });
    placed.push({ file: { path, bytes }, args: [flag, `${name}${path}`] });
  };
  for (const { label, node } of valueFiles)
    add('--values', '', { label, bytes: async () => await node.tree.read(node) });
  const inline = valuesText(options);
  const label = options.valuesObject === undefined ? 'spec.source.helm.values' : 'spec.source.helm.valuesObject';
  if (inline !== undefined) add('--values', '', { label, bytes: () => Promise.resolve(Buffer.from(inline)) });
  for (const [name, file] of parameterFiles) {
    add('--set-file', `${name}=`, { label: file.label, bytes: async () => await file.node.tree.read(file.node) });
  }
  return placed;
}

async function runHelm(
  args: readonly string[],
  folder: string,
  { workspace, tools, signal, names }: Stage,
): Promise<ToolResult> {
  const { limits } = tools;
  const result = await tools.tools.run(
    {
      tool: 'helm',
      args,
      cwd: workspace.folder,
      env: noNetwork,
      limits: { timeMs: limits.renderMs, memoryBytes: limits.renderMemoryBytes, outputBytes: limits.renderBytes },
      hide: [
        { text: `${workspace.folder}/`, by: '' },
        { text: workspace.folder, by: '.' },
        ...names,
        { text: './chart', by: folder },
      ],
    },
    signal,
  );
  if (result.code === 0) return result;
  throw renderError('RenderFailed', `helm ${args[0] ?? ''} ${folder}: ${whatWentWrong(result.stderr)}`);
}

/** Warnings come first, and what went wrong last. */
function whatWentWrong(stderr: string): string {
  const error = [...stderr.matchAll(/^Error: /gm)].at(-1);
  const said = (error === undefined ? stderr : stderr.slice(error.index + error[0].length)).trim();
  return said.replace(/\s*Use --debug flag.*$/s, '') || 'failed without a word';
}
