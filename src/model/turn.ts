import type { Installation } from './installation.ts';
import type { KubeObject, Ref } from './object.ts';
import type { FoundAnnotation } from './object-annotations.ts';
import { annotationOf, listedIn } from './object-annotations.ts';

/** What an object says about its turn in a sync. */
export interface Turn {
  /** Lower ones first; absent: 0. */
  readonly wave?: number;
  /** Objects that have to be applied and healthy before it; absent: none. */
  readonly dependsOn?: readonly Ref[];
}

type Prefix = Pick<Installation, 'prefix'>;

/** The turn that annotations ask for, or what is wrong with them. */
export function readTurn(object: KubeObject, installation: Prefix): Turn | { readonly wrong: string } {
  const wave = annotationOf(object, 'sync-wave', installation);
  const number = wave === undefined ? 0 : waveIn(wave);
  if (number === undefined) return { wrong: `${wordsOf(wave)} is no integer` };
  const depends = annotationOf(object, 'depends-on', installation);
  const refs = listedIn(depends).map((text) => ({ text, ref: parseDependency(text) }));
  const malformed = refs.find(({ ref }) => ref === undefined);
  if (malformed !== undefined) return { wrong: `${wordsOf(depends)}: "${malformed.text}" is none of ${forms}` };
  const dependsOn = refs.flatMap(({ ref }) => (ref === undefined ? [] : [ref]));
  return { ...(number === 0 ? {} : { wave: number }), ...(dependsOn.length === 0 ? {} : { dependsOn }) };
}

/** The turn of an object in the cluster: what somebody has made unreadable there counts as absent. */
export function turnOfLive(object: KubeObject, installation: Prefix): Turn {
  const turn = readTurn(object, installation);
  return 'wrong' in turn ? {} : turn;
}

const forms = 'group/namespaces/NAMESPACE/Kind/NAME and group/Kind/NAME';

function wordsOf(found: FoundAnnotation | undefined): string {
  return `annotation ${found?.key ?? ''}: "${found?.value ?? ''}"`;
}

function waveIn({ value }: FoundAnnotation): number | undefined {
  const number = Number(value.trim());
  return /^[-+]?\d+$/.test(value.trim()) && Number.isSafeInteger(number) ? number : undefined;
}

/** As cli-utils writes it; the group of the core is empty, and its slash may be left out. */
const dependency = /^(?:([^/]*)\/)?(?:namespaces\/([^/]+)\/)?([^/]+)\/([^/]+)$/;

function parseDependency(text: string): Ref | undefined {
  const match = dependency.exec(text);
  if (match === null) return undefined;
  const [, group = '', namespace = '', kind = '', name = ''] = match;
  return { group, kind, namespace, name };
}
