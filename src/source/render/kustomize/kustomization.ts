import type { JsonObject, JsonValue } from '../../../model/json.ts';
import { isJsonObject } from '../../../model/json.ts';
import { decodeText, yamlDocuments } from '../../decode.ts';
import { renderError } from '../../failures.ts';
import { join, type TreeNode } from '../../tree.ts';
import type { Lookup } from './lookup.ts';
import { pluginConfigurations, referencesOf, type References } from './references.ts';

const names = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** A kustomization as it is in the repository. */
export interface Kustomization {
  readonly file: TreeNode;
  readonly content: JsonObject;
  readonly references: References;
}

interface Known {
  readonly value: Pick<Kustomization, 'content' | 'references'> | readonly JsonValue[];
  readonly size: number;
}

/** Counted for each file that is kept, besides its length. */
const overhead = 512;

/**
 * Reads kustomizations, and keeps by the ids of their content what it has read: a walk that meets nothing new parses
 * nothing. Caveat: only ids of Git name a content; others (a folder on disk) are read each time.
 */
export class Kustomizations {
  readonly #maxBytes: number;
  readonly #known = new Map<string, Known>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The kustomization of a folder. Throws OperatorError: PathNotFound for none, RenderFailed for two, DecodeFailed. */
  async in(folder: string, lookup: Lookup): Promise<Kustomization> {
    const file = await kustomizationFile(folder, lookup);
    const known = this.#recall(`kustomization ${file.oid}`);
    if (known !== undefined && 'content' in known) return { file, ...known };
    const text = decodeText(file.path, await file.tree.read(file));
    // kustomize reads the first document and no other; an empty file is an empty kustomization.
    const content = yamlDocuments(file.path, text)[0]?.value ?? {};
    if (!isJsonObject(content)) throw renderError('RenderFailed', `${file.path}: is no mapping`);
    const read = { content, references: referencesOf(content) };
    this.#keep(file, `kustomization ${file.oid}`, { value: read, size: text.length });
    return { file, ...read };
  }

  /** What the plugins read that a file configures; what is no YAML is kustomize's to refuse. */
  async plugins(file: TreeNode, field: string): Promise<References> {
    const known = this.#recall(`plugins ${file.oid}`);
    if (known !== undefined && !('content' in known)) return pluginConfigurations(known, field);
    const text = decodeText(file.path, await file.tree.read(file));
    const documents = yamlDocuments(file.path, text).map(({ value }) => value);
    this.#keep(file, `plugins ${file.oid}`, { value: documents, size: text.length });
    return pluginConfigurations(documents, field);
  }

  #recall(key: string): Known['value'] | undefined {
    const known = this.#known.get(key);
    if (known === undefined) return undefined;
    this.#known.delete(key);
    this.#known.set(key, known);
    return known.value;
  }

  #keep({ oid }: TreeNode, key: string, { value, size }: Known): void {
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(oid) || this.#known.has(key)) return;
    this.#bytes += size + overhead;
    this.#known.set(key, { value, size });
    for (const [oldest, { size: freed }] of this.#known) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#known.delete(oldest);
      this.#bytes -= freed + overhead;
    }
  }
}

async function kustomizationFile(folder: string, lookup: Lookup): Promise<TreeNode> {
  const found: TreeNode[] = [];
  for (const name of names) {
    const node = await lookup.find(join(folder, name));
    if (node?.kind === 'file') found.push(node);
  }
  const [file, second] = found;
  if (file === undefined) throw renderError('PathNotFound', `"${folder}" has none of ${names.join(', ')}`);
  if (second !== undefined) {
    throw renderError('RenderFailed', `"${folder}" has ${found.map(({ path }) => path).join(' and ')}: expected one`);
  }
  return file;
}
