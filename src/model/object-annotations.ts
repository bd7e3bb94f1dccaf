import type { Installation } from './installation.ts';
import type { JsonObject } from './json.ts';
import { stringAt } from './json.ts';
import type { KubeObject } from './object.ts';
import { annotationsOf } from './object.ts';

/** Annotations by which a manifest speaks to the operator, in Argo CD's spelling, too. */
type SharedAnnotation =
  | 'sync-wave'
  | 'hook'
  | 'hook-delete-policy'
  | 'sync-options'
  | 'compare-options'
  | 'ignore-healthcheck'
  | 'ignore-restart-policy';

/** Those that only we have. */
type OwnAnnotation = 'depends-on' | 'policy' | 'protect';

const ownOnly: ReadonlySet<string> = new Set<OwnAnnotation>(['depends-on', 'policy', 'protect']);

/** An annotation with the key under which it was found, for messages. */
export interface FoundAnnotation {
  readonly key: string;
  readonly value: string;
}

/** What an object says of itself; ours, when present, replaces Argo CD's; a second installation reads both of ours. */
export function annotationOf(
  object: KubeObject,
  name: SharedAnnotation | OwnAnnotation,
  installation: Pick<Installation, 'prefix'>,
): FoundAnnotation | undefined {
  return annotationIn(annotationsOf(object), name, installation);
}

/** The same, of annotations of which the object may be no valid one. */
export function annotationIn(
  annotations: JsonObject,
  name: SharedAnnotation | OwnAnnotation,
  { prefix }: Pick<Installation, 'prefix'>,
): FoundAnnotation | undefined {
  const ours = [...new Set([`${prefix}${name}`, `evenkeel.dev/${name}`])];
  for (const key of ownOnly.has(name) ? ours : [...ours, `argocd.argoproj.io/${name}`]) {
    const value = stringAt(annotations, key);
    if (value !== undefined) return { key, value };
  }
  return undefined;
}

/** The values of a list such as `Prune=false,Replace=true`. */
export function listedIn(found: FoundAnnotation | undefined): readonly string[] {
  const words = found?.value.split(',').map((word) => word.trim()) ?? [];
  return words.filter((word) => word !== '');
}

/** The value that an object gives an option in its `sync-options`; undefined: it leaves it to its Application. */
export function optionOf(
  object: KubeObject,
  option: string,
  installation: Pick<Installation, 'prefix'>,
): string | undefined {
  const said = listedIn(annotationOf(object, 'sync-options', installation)).find((one) => one.startsWith(`${option}=`));
  return said?.slice(option.length + 1);
}
