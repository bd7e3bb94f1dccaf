import type { KustomizeOptions } from '../../../model/application.ts';
import type { KustomizePatch } from '../../../model/kustomize-patch.ts';
import type { JsonObject, JsonValue, MutableJson } from '../../../model/json.ts';
import { encodeJson, isJsonArray } from '../../../model/json.ts';
import { renderError } from '../../failures.ts';
import { spelled, textIn } from './fields.ts';
import { overrideImages } from './images.ts';
import { addLabels } from './labels.ts';
import { kustomizationFields, type Reference } from './references.ts';

/** A kustomization, and where it comes from. */
interface Original {
  readonly file: string;
  readonly content: JsonObject;
}

/** True when the options ask for a kustomization that differs from the one in the repository. */
export function changesSomething(options: KustomizeOptions): boolean {
  const { namePrefix, nameSuffix, namespace, images, replicas, patches, components } = options;
  const texts = [namePrefix, nameSuffix, namespace];
  const lists: (readonly unknown[])[] = [images, replicas, patches, components];
  const maps = [options.commonLabels, options.commonAnnotations];
  return (
    texts.some((text) => text !== '') ||
    lists.some((list) => list.length > 0) ||
    maps.some((map) => Object.keys(map).length > 0)
  );
}

/** What the options add to that which the kustomization reads. `components` are those that exist. */
export function addedReferences(options: KustomizeOptions, components: readonly string[]): Reference[] {
  const patches = options.patches.filter(({ path }) => path !== '');
  return [
    ...patches.map(({ path }) => ({ kind: 'file' as const, field: 'spec.source.kustomize.patches', entry: path })),
    ...components.map((entry) => ({ kind: 'component' as const, field: 'spec.source.kustomize.components', entry })),
  ];
}

/**
 * The kustomization with the options in it, as the commands of `kustomize edit` that Argo CD runs would leave it; patches
 * are appended. As JSON, which is YAML. Pure. Throws OperatorError RenderFailed, InvalidSpec.
 */
export function overlaid(original: Original, options: KustomizeOptions, components: readonly string[]): string {
  const content = spelled(original.content, kustomizationFields);
  if (content === undefined) throw renderError('RenderFailed', `${original.file}: has a field twice`);
  const edited: MutableJson = { ...content };
  setTexts(edited, options);
  setImages(edited, options, original.file);
  setReplicas(edited, options, original.file);
  addLabels(edited, options, original.file);
  if (options.patches.length > 0)
    edited['patches'] = [...listAt(edited, 'patches', original.file), ...options.patches.map(written)];
  const listed = listAt(edited, 'components', original.file);
  const added = components.filter((component) => !listed.includes(component));
  if (added.length > 0) edited['components'] = [...listed, ...new Set(added)];
  return yamlSafe(encodeJson(edited));
}

function setTexts(edited: MutableJson, options: KustomizeOptions): void {
  for (const field of ['namePrefix', 'nameSuffix', 'namespace'] as const) {
    if (options[field] !== '') edited[field] = options[field];
  }
}

/** `imageTags` is the old name of `images`. */
function setImages(edited: MutableJson, { images }: KustomizeOptions, file: string): void {
  if (images.length === 0) return;
  const existing = [...listAt(edited, 'images', file), ...listAt(edited, 'imageTags', file)];
  edited['images'] = overrideImages(existing, images);
  delete edited['imageTags'];
}

function setReplicas(edited: MutableJson, { replicas }: KustomizeOptions, file: string): void {
  if (replicas.length === 0) return;
  const all = new Map<string, JsonValue>();
  for (const { name, count } of replicas) all.set(name, { name, count: wholeNumber(name, count) });
  for (const replica of listAt(edited, 'replicas', file)) {
    const name = textIn(replica, 'name');
    if (!all.has(name)) all.set(name, replica);
  }
  edited['replicas'] = [...all].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, replica]) => replica);
}

function wholeNumber(name: string, count: number | string): number {
  const isWhole = typeof count === 'number' || /^[+-]?[0-9]+$/.test(count);
  if (isWhole && Number.isSafeInteger(Number(count))) return Number(count);
  throw renderError(
    'InvalidSpec',
    `spec.source.kustomize.replicas: "${name}" has the count "${count}"; expected a whole number`,
  );
}

function written({ path, patch, target, options }: KustomizePatch): JsonValue {
  return {
    ...(path === '' ? {} : { path }),
    ...(patch === '' ? {} : { patch }),
    ...(target === undefined ? {} : { target: { ...target } }),
    ...(options === undefined ? {} : { options: { ...options } }),
  };
}

function listAt(edited: JsonObject, field: string, file: string): readonly JsonValue[] {
  const value = edited[field] ?? [];
  if (isJsonArray(value)) return value;
  throw renderError('RenderFailed', `${file}: ${field}: expected a list`);
}

/** JSON allows characters as they are that YAML wants escaped, or takes for line breaks. */
function yamlSafe(json: string): string {
  return json.replace(
    /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
