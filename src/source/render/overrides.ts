import type { SourceResource } from '../../model/application-schema.ts';
import { applicationSchema } from '../../model/application-schema.ts';
import type { SourceSpec } from '../../model/application.ts';
import { Findings } from '../../model/findings.ts';
import { inspectFields } from '../../model/inspect-fields.ts';
import type { JsonObject, JsonValue } from '../../model/json.ts';
import { decodeJson, encodeJson, isJsonObject } from '../../model/json.ts';
import { readSource } from '../../model/parse-source.ts';
import type { SchemaNode } from '../../model/schema-parts.ts';
import { decodeText, yamlDocuments } from '../decode.ts';
import { renderError } from '../failures.ts';
import { join, type Tree } from '../tree.ts';

/** A file in the path of a source that changes the source's renderer options. */
export interface OverrideFile {
  readonly path: string;
  readonly text: string;
}

export interface Overridden {
  readonly source: SourceSpec;
  /** The files that were merged. */
  readonly read: readonly { readonly path: string; readonly oid: string }[];
}

/** The source with `.argocd-source.yaml` and `.argocd-source-<name>.yaml` of its path merged, in this order. */
export async function applyOverrides(source: SourceSpec, tree: Tree, appName: string): Promise<Overridden> {
  const files: OverrideFile[] = [];
  const read: { readonly path: string; readonly oid: string }[] = [];
  for (const name of ['.argocd-source.yaml', `.argocd-source-${appName}.yaml`]) {
    const node = await tree.find(join(source.path, name));
    if (node?.kind !== 'file') continue;
    files.push({ path: node.path, text: decodeText(node.path, await node.tree.read(node)) });
    read.push({ path: node.path, oid: node.oid });
  }
  return { source: files.length === 0 ? source : withOverrides(source, files), read };
}

/**
 * Merges files over the options of the renderers as JSON merge patches (RFC 7396): maps merge, lists are replaced, null is
 * the default again. Other fields of a source are passed over, as Argo CD does. Pure.
 * Throws OperatorError DecodeFailed, UnknownField, InvalidSpec and the like, naming file and field.
 */
export function withOverrides(source: SourceSpec, files: readonly OverrideFile[]): SourceSpec {
  return files.reduce(withOverride, source);
}

type Blocks = Pick<SourceResource, 'helm' | 'kustomize' | 'directory'>;

function withOverride(source: SourceSpec, { path, text }: OverrideFile): SourceSpec {
  const patch = yamlDocuments(path, text)[0]?.value ?? {};
  if (!isJsonObject(patch)) throw renderError('DecodeFailed', `${path}: is no mapping`);
  const findings = new Findings();
  const place = { path: `${path}: source`, isListed: true };
  const merged = mergePatch(blocksOf(source), patch);
  if (!isSource(merged, place.path, findings)) throw problemIn(findings);
  const { repoURL, path: folder, targetRevision, chart, ref, name, tagPrefix, secretRef, verify } = source;
  const { helm, kustomize, directory } = merged;
  const own = { repoURL, targetRevision, chart, ref, name, tagPrefix, ...(chart === '' ? { path: folder } : {}) };
  const read = readSource({ ...own, ...present({ secretRef, verify, helm, kustomize, directory }) }, place, findings);
  if (findings.problems.length > 0) throw problemIn(findings);
  return { ...read, repoURL, path: folder, targetRevision };
}

function blocksOf({ helm, kustomize, directory, repoURL }: SourceSpec): JsonObject {
  const blocks = present({ repoURL, helm, kustomize, directory });
  const plain = decodeJson(encodeJson(blocks as JsonObject));
  return isJsonObject(plain) ? plain : {};
}

/** Without the fields that are undefined. */
function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function mergePatch(target: JsonValue | undefined, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(isJsonObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, isJsonObject(value) ? mergePatch(merged.get(key), value) : value);
  }
  return Object.fromEntries(merged);
}

function isSource(value: JsonObject, path: string, findings: Findings): value is Blocks & JsonObject {
  inspectFields({ schema: sourceSchema(), path, value }, findings);
  return findings.problems.length === 0;
}

/** Nothing is required of a file that changes a few options. */
function sourceSchema(): SchemaNode {
  const schema = applicationSchema.properties?.['spec']?.properties?.['source'] ?? {};
  return { ...schema, required: [] };
}

/** What a repository holds may change with each commit, unlike a spec. */
function problemIn({ problems: [first] }: Findings) {
  const { reason = 'InvalidSpec', message = '' } = first?.error ?? {};
  return renderError(reason, message);
}
