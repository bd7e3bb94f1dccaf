import type { KustomizeOptions } from '../../../model/application.ts';
import { sha256Hex } from '../../../model/hash.ts';
import { renderError } from '../../failures.ts';
import type { TreeNode } from '../../tree.ts';
import { checkPointer } from '../decode-files.ts';
import type { PlanRender, RenderJob, RenderPlan, RenderTools } from '../renderer.ts';
import { build } from './build.ts';
import { componentsOf } from './components.ts';
import { Kustomizations } from './kustomization.ts';
import { Lookup } from './lookup.ts';
import { addedReferences, changesSomething, overlaid } from './overlay.ts';
import { readSetOf, type ReadSet } from './read-set.ts';

/** Text of kustomizations that is kept parsed. */
const keptBytes = 16 * 1024 * 1024;

/**
 * Plans and runs `kustomize build` of a source's path, with the options of `source.kustomize`.
 *
 * Guarantees: only what the kustomizations name is put on disk; nothing is written to the repository; nothing is fetched
 * unless `allowRemoteBases`; planning again what has not changed parses no YAML.
 */
export function createKustomizePlanner(): PlanRender {
  const kustomizations = new Kustomizations(keptBytes);
  return (job, tools) => plan(job, tools, kustomizations);
}

async function plan({ source, tree }: RenderJob, tools: RenderTools, known: Kustomizations): Promise<RenderPlan> {
  const { path: folder, kustomize } = source;
  await tree.folderAt(folder);
  const lookup = new Lookup(tree);
  const root = await known.in(folder, lookup);
  const components = kustomize === undefined ? [] : await componentsOf(kustomize, folder, lookup);
  const added = kustomize === undefined ? [] : addedReferences(kustomize, components);
  const { limits, allowRemoteBases: allowRemote } = tools;
  const readSet = await readSetOf(root, folder, added, { lookup, kustomizations: known, limits, allowRemote });
  const edited = isEdited(kustomize)
    ? overlaid({ file: root.file.path, content: root.content }, kustomize, components)
    : undefined;
  return {
    identity: {
      renderer: 'kustomize',
      version: await versionOf(tools),
      folder,
      files: readSet.files.map(({ path, oid }) => [path, oid]),
      edited: edited === undefined ? null : sha256Hex(edited),
    },
    ...unknownOf(readSet),
    run: (signal) => build({ folder, files: placed(readSet, root.file.path, edited) }, tools, signal),
  };
}

function isEdited(options: KustomizeOptions | undefined): options is KustomizeOptions {
  return options !== undefined && changesSomething(options);
}

async function versionOf({ tools }: RenderTools): Promise<string> {
  const version = await tools.version('kustomize');
  if (version === undefined) throw renderError('ToolUnavailable', 'kustomize is not installed');
  return version;
}

function unknownOf({ remote: [first, ...others] }: ReadSet): Pick<RenderPlan, 'unknown'> {
  if (first === undefined) return {};
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return { unknown: `${first}${more} is fetched from elsewhere, so its content is not known beforehand` };
}

/** The application's own kustomization with the options in it; everything else as it is in the repository. */
function placed({ files }: ReadSet, kustomization: string, edited: string | undefined) {
  return files.map((file) => ({
    path: file.path,
    bytes: async () =>
      file.path === kustomization && edited !== undefined ? Buffer.from(edited) : await content(file),
  }));
}

async function content(file: TreeNode): Promise<Buffer> {
  const bytes = await file.tree.read(file);
  checkPointer(file.path, bytes);
  return bytes;
}
