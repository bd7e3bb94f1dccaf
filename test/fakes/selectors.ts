import type { KubeObject } from '../../src/model/object.ts';
import { labelsOf, refOf } from '../../src/model/object.ts';

/** Whether a label selector matches: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas. */
export function matchesLabels(object: KubeObject, selector: string | undefined): boolean {
  const terms = selector === undefined || selector === '' ? [] : selector.split(/,(?![^(]*\))/);
  return terms.every((term) => matchesTerm(object, term.trim()));
}

function matchesTerm(object: KubeObject, term: string): boolean {
  const listed = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (listed !== null) {
    const [, key = '', operator, values = ''] = listed;
    const found = values.split(',').some((value) => labelsOf(object)[key] === value.trim());
    return found === (operator === 'in');
  }
  if (term.startsWith('!')) return labelsOf(object)[term.slice(1)] === undefined;
  const [key = '', value] = term.split(/!?==?/);
  if (value === undefined) return labelsOf(object)[key] !== undefined;
  return (labelsOf(object)[key] === value) !== term.includes('!=');
}

/** Whether a field selector matches; `metadata.name` and `metadata.namespace` only. */
export function matchesFields(object: KubeObject, selector: string | undefined): boolean {
  const terms = selector === undefined || selector === '' ? [] : selector.split(',');
  const { name, namespace } = refOf(object);
  const fields: Readonly<Record<string, string>> = { 'metadata.name': name, 'metadata.namespace': namespace };
  return terms.every((term) => {
    const [field = '', value] = term.split('=');
    return fields[field] === value;
  });
}
