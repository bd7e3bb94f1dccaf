import { annotationOn, inspectAnnotations, isTrue } from './application-annotations.ts';
import type { Application, ApplicationSpec, KnownApplication, PruneGuard } from './application.ts';
import { isOperation, isSpec } from './as-declared.ts';
import { OperatorError, OperatorErrors } from './errors.ts';
import { Findings } from './findings.ts';
import { holdNow } from './hold.ts';
import type { Installation } from './installation.ts';
import { readRecord } from './inventory.ts';
import type { JsonValue } from './json.ts';
import { arrayAt, objectAt } from './json.ts';
import { readKnownApplication } from './known-application.ts';
import type { KubeObject } from './object.ts';
import { readSpec, specForDeletion } from './parse-spec.ts';
import type { RecordEntry } from './record.ts';
import { requestNow, specAsked } from './requested.ts';
import { readOperation } from './sync-request.ts';

/**
 * An Application, or what is known of one that cannot be acted on, with every reason why at once.
 * `invalid` with a record: the spec is wrong, and `error` is what Stalled says.
 * `invalid` without: the record is damaged, so nothing may be deleted and status may not be written over it.
 */
export type ParsedApplication =
  | { readonly kind: 'valid'; readonly app: Application }
  | { readonly kind: 'invalid'; readonly app: KnownApplication; readonly error: OperatorError };

/**
 * Reads an Application as it came from the API server. Pure; never throws.
 *
 * Guarantees: no unknown field, no field that is not built and no refused one is passed over in silence. One that is
 * being deleted is `valid` whatever its spec says, because its record is all that a deletion needs; only a damaged
 * record holds it back.
 * Assumptions: `inventories` are all objects that `isInventoryOf` gives to this Application's name and namespace;
 * `recorded` is the record that was read of it before.
 */
export function parseApplication(
  object: KubeObject,
  inventories: readonly KubeObject[],
  installation: Installation,
  recorded?: readonly RecordEntry[],
): ParsedApplication {
  const read = readKnownApplication(object);
  const record = readRecord(object, inventories, recorded);
  const findings = new Findings();
  if (record instanceof OperatorError) return { kind: 'invalid', app: { ...read, fieldsIgnored: [] }, error: record };

  const wishes = readWishes(object, read, { installation, findings });
  const known = { ...read, record, fieldsIgnored: findings.ignored };
  const [first, ...more] = findings.problems.map((problem) => problem.error);
  if (first === undefined) return { kind: 'valid', app: { ...known, ...wishes } };
  if (known.deleting)
    return {
      kind: 'valid',
      app: { ...known, spec: specForDeletion({ guard: guardOf(object), syncOptions: syncOptionsOf(object) }) },
    };
  return { kind: 'invalid', app: known, error: new OperatorErrors([first, ...more]) };
}

type Wishes = Pick<Application, 'spec' | 'written' | 'request' | 'hold'>;

type Known = Pick<KnownApplication, 'annotations' | 'status'>;

interface Reading {
  readonly installation: Installation;
  readonly findings: Findings;
}

/** Good for nothing once `findings` has problems. */
function readWishes(object: KubeObject, known: Known, { installation, findings }: Reading): Wishes {
  inspectAnnotations(known.annotations, findings);
  const { spec, operation } = object;
  const read = isSpec(spec, findings) ? readSpec(spec, findings) : specForDeletion({ guard: {}, syncOptions: [] });
  const isAsked = operation !== undefined && isOperation(operation, findings);
  const asked = isAsked ? readOperation(operation, findings) : undefined;
  const request = requestNow({ asked, spec: read, installation }, known);
  const hold = holdNow(request, known, installation);
  const kept = { ...(request === undefined ? {} : { request }), ...(hold === undefined ? {} : { hold }) };
  return {
    ...specAsked(suspendedByAnnotation(migratingByAnnotation(read, known, installation), known, installation), kept),
    ...kept,
  };
}

function suspendedByAnnotation(spec: ApplicationSpec, known: Known, installation: Installation): ApplicationSpec {
  const isSkipped = isTrue(annotationOn(known.annotations, 'skip-reconcile', installation));
  const isHeld = spec.suspend !== undefined && spec.suspend.untilMs === undefined;
  if (!isSkipped || isHeld) return spec;
  return { ...spec, suspend: { reason: 'annotation skip-reconcile', by: '' } };
}

/** Argo CD names one more field manager by annotation. */
function migratingByAnnotation(spec: ApplicationSpec, known: Known, installation: Installation): ApplicationSpec {
  const manager = annotationOn(known.annotations, 'client-side-apply-migration-manager', installation) ?? '';
  if (manager === '') return spec;
  return { ...spec, ownership: { ...spec.ownership, migrateManagers: [manager] } };
}

/** `Delete=false` keeps objects also when something else of the spec is wrong. */
function syncOptionsOf(object: KubeObject): string[] {
  const listed = arrayAt(objectAt(objectAt(object, 'spec'), 'syncPolicy'), 'syncOptions');
  return listed.filter((option) => typeof option === 'string');
}

/** The guard of a spec that cannot be read as a whole, as far as it is right itself. */
function guardOf(object: KubeObject): Partial<PruneGuard> {
  const findings = new Findings();
  const spec: JsonValue = { prune: objectAt(objectAt(object, 'spec'), 'prune') };
  return isSpec(spec, findings) ? (spec.prune?.guard ?? {}) : {};
}
