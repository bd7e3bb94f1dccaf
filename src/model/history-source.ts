import type { SpecResource } from './application-schema.ts';
import type { HistoryEntry, SourceSet, SourceSpec } from './application.ts';
import { Findings } from './findings.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { isJsonArray, isJsonObject } from './json.ts';
import { readSourceSet } from './parse-spec.ts';

/** Of all sources together; renderer options that are larger are left out, and the spec's count then. */
const mostBytes = 4_096;

/** Sources as status keeps them: all that rendering the same objects again needs. */
export type ShownSources = Pick<HistoryEntry, 'source' | 'sources'>;

/** Sources in the words of the spec. */
export function showSources({ sources, hasSourceList }: SourceSet): ShownSources {
  const whole = sources.map(shown);
  const fits = Buffer.byteLength(JSON.stringify(whole)) <= mostBytes;
  const [first = {}, ...others] = fits ? whole : sources.map(abridged);
  return hasSourceList ? { sources: [first, ...others] } : { source: first };
}

/** What `showSources` was given; undefined when status does not hold all of it. */
export function readShownSources(shownSources: ShownSources): SourceSet | undefined {
  const all = shownSources.sources ?? [shownSources.source ?? {}];
  if (all.some((source) => source['repoURL'] === undefined || source['abridged'] === true)) return undefined;
  const findings = new Findings();
  // The operator has written it from a spec of these very types.
  const read = readSourceSet(shownSources as Pick<SpecResource, 'source' | 'sources'>, 'status', findings);
  return findings.problems.length === 0 ? read : undefined;
}

function abridged({ repoURL, path, chart, targetRevision }: SourceSpec): JsonObject {
  return { repoURL, ...(chart === '' ? { path } : { chart }), targetRevision, abridged: true };
}

function shown({ directory, helm, kustomize, ...source }: SourceSpec): JsonObject {
  const blocks = Object.entries({ directory, helm, kustomize }).flatMap(([name, block]): [string, JsonObject][] =>
    block === undefined ? [] : [[name, withoutEmpty(block as unknown as JsonObject)]],
  );
  // A parsed source is made of JSON values only.
  return withoutEmpty({ ...(source as unknown as JsonObject), ...Object.fromEntries(blocks) });
}

/** `valuesObject` means something even when it is empty. */
function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(([name, value]) => name === 'valuesObject' || !isEmpty(value)),
  );
}

function isEmpty(value: JsonValue): boolean {
  if (isJsonArray(value)) return value.length === 0;
  if (isJsonObject(value)) return Object.keys(value).length === 0;
  return value === '' || value === false;
}
