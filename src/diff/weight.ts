import type { Application } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import { applicationKey } from '../model/installation.ts';
import type { Ref } from '../model/object.ts';
import { isChildApplication, isDefinition } from './protection.ts';

/** What is on record, of whichever Application. */
export interface Records {
  /** How many objects an Application has on record. */
  sizeOf(key: ApplicationKey): number;
  /** How many objects of a namespace are on record, of any Application. */
  sizeIn(namespace: string): number;
}

/** How many objects go when this one goes, as far as the records tell. */
export function weightBy(app: Pick<Application, 'record'>, records: Records): (ref: Ref) => number {
  return (ref) => {
    if (isChildApplication(ref)) return 1 + records.sizeOf(applicationKey(ref.namespace, ref.name));
    if (ref.kind === 'Namespace' && ref.group === '') return 1 + records.sizeIn(ref.name);
    return isDefinition(ref) ? 1 + app.record.filter((entry) => isInstance(entry.ref, ref)).length : 1;
  };
}

/** A CustomResourceDefinition is named `<plural>.<group>`. */
function isInstance(ref: Ref, definition: Ref): boolean {
  return ref.group !== '' && definition.name.endsWith(`.${ref.group}`);
}
