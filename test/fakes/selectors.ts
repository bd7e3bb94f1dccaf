import type { JsonObject } from '../../src/model/json.ts';
import { objectAt, stringAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { labelsOf } from '../../src/model/object.ts';

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

/** Whether a field selector matches: paths of fields that hold text; no field counts as empty text. */
export function matchesFields(object: KubeObject, selector: string | undefined): boolean {
  const terms = selector === undefined || selector === '' ? [] : selector.split(',');
  return terms.every((term) => {
    const [path = '', value] = term.split('=');
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    return (stringAt(keys.reduce<JsonObject>(objectAt, object), last) ?? '') === value;
  });
}
