import type { KustomizeOptions } from '../../../model/application.ts';
import type { JsonObject, JsonValue, MutableJson } from '../../../model/json.ts';
import { isJsonArray, isJsonObject } from '../../../model/json.ts';
import { renderError } from '../../failures.ts';
import { spelled } from './fields.ts';

/** What is added to a map, and whether it may replace what is there. */
interface Addition {
  readonly option: 'commonLabels' | 'commonAnnotations';
  readonly pairs: Readonly<Record<string, string>>;
  readonly force: boolean;
  readonly file: string;
}

/** Adds labels and annotations as `kustomize edit add label` and `add annotation` do. */
export function addLabels(edited: MutableJson, options: KustomizeOptions, file: string): void {
  const { commonLabels, commonAnnotations, forceCommonLabels, forceCommonAnnotations } = options;
  const labels: Addition = { option: 'commonLabels', pairs: commonLabels, force: forceCommonLabels, file };
  if (Object.keys(commonLabels).length > 0) {
    checkTemplates(options);
    if (options.labelWithoutSelector) edited['labels'] = withLabels(edited['labels'] ?? [], labels, options);
    else edited['commonLabels'] = extended(edited['commonLabels'] ?? {}, labels);
  }
  if (Object.keys(commonAnnotations).length === 0) return;
  edited['commonAnnotations'] = extended(edited['commonAnnotations'] ?? {}, {
    option: 'commonAnnotations',
    pairs: commonAnnotations,
    force: forceCommonAnnotations,
    file,
  });
}

function checkTemplates({ labelIncludeTemplates, labelWithoutSelector }: KustomizeOptions): void {
  if (!labelIncludeTemplates || labelWithoutSelector) return;
  throw renderError(
    'InvalidSpec',
    'spec.source.kustomize.labelIncludeTemplates: needs labelWithoutSelector (labels in selectors are in templates anyway)',
  );
}

const labelFields = ['pairs', 'includeSelectors', 'includeTemplates', 'includeVolumeClaimTemplates', 'fields'];

/** They join the first entry with the same settings. */
function withLabels(labels: JsonValue, addition: Addition, { labelIncludeTemplates }: KustomizeOptions): JsonValue {
  if (!isJsonArray(labels)) throw renderError('RenderFailed', `${addition.file}: labels: expected a list`);
  const entries = labels.map((entry) => (isJsonObject(entry) ? (spelled(entry, labelFields) ?? entry) : entry));
  const index = entries.findIndex((entry) => matches(entry, labelIncludeTemplates));
  const entry = entries[index];
  if (!isJsonObject(entry)) {
    const added = { pairs: extended({}, addition), ...(labelIncludeTemplates ? { includeTemplates: true } : {}) };
    return [...entries, added];
  }
  return entries.with(index, { ...entry, pairs: extended(entry['pairs'] ?? {}, addition) });
}

function matches(entry: JsonValue, includeTemplates: boolean): boolean {
  if (!isJsonObject(entry)) return false;
  return (entry['includeSelectors'] ?? false) === false && (entry['includeTemplates'] ?? false) === includeTemplates;
}

function extended(map: JsonValue, { option, pairs, force, file }: Addition): JsonObject {
  if (!isJsonObject(map)) throw renderError('RenderFailed', `${file}: ${option}: expected a mapping`);
  const twice = Object.keys(pairs).find((name) => Object.hasOwn(map, name));
  if (twice !== undefined && !force) {
    const flag = option === 'commonLabels' ? 'forceCommonLabels' : 'forceCommonAnnotations';
    throw renderError(
      'RenderFailed',
      `spec.source.kustomize.${option}: "${twice}" is in ${file} already; ${flag} would replace it`,
    );
  }
  const added = Object.entries(pairs).map(([name, value]) => [name, unquoted(value)] as const);
  return { ...map, ...Object.fromEntries(added) };
}

/** A value in quotes is what is between them, as on the command line. */
function unquoted(value: string): string {
  return /^"[\s\S]*"$/.test(value) && value.length > 1 ? value.slice(1, -1) : value;
}
