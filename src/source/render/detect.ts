import type { SourceSpec, SourceType } from '../../model/application.ts';
import type { Tree } from '../tree.ts';

const kustomization = /^(kustomization\.ya?ml|Kustomization)$/;

/** What renders a source: what its spec says, else what its folder holds; kustomize wins over Helm, as in Argo CD. */
export async function detectRenderer(source: SourceSpec, tree: Tree): Promise<SourceType> {
  if (source.chart !== '' || source.helm !== undefined) return 'Helm';
  if (source.kustomize !== undefined) return 'Kustomize';
  if (isExplicit(source.directory)) return 'Directory';
  const names = (await tree.entries(await tree.folderAt(source.path))).map(({ name }) => name);
  if (names.some((name) => kustomization.test(name))) return 'Kustomize';
  return names.includes('Chart.yaml') ? 'Helm' : 'Directory';
}

/** A block with only zero values counts as absent. */
function isExplicit(directory: SourceSpec['directory']): boolean {
  return directory.recurse || directory.disableExtensionFilter || directory.include !== '' || directory.exclude !== '';
}
