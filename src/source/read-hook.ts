import type { Origin } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import type { Hook } from '../model/hook.ts';
import { hookWeight, roleOf } from '../model/hook.ts';
import type { Installation } from '../model/installation.ts';
import type { JsonObject } from '../model/json.ts';
import { objectAt, stringAt } from '../model/json.ts';
import { renderError } from './failures.ts';

/** A manifest that takes part in syncs, as an object or as a hook. */
interface Taken {
  /** A hook that has no name has what its names begin with instead. */
  readonly object: JsonObject;
  readonly hook?: Hook;
  /** Of a hook; absent: as its other annotations say. */
  readonly wave?: number;
}

/**
 * What a manifest is by its annotations; undefined when it is never applied.
 * Throws OperatorError: InvalidObject.
 */
export function takePart(
  written: JsonObject,
  origin: Origin,
  installation: Pick<Installation, 'prefix'>,
): Taken | undefined {
  const annotations = objectAt(objectAt(written, 'metadata'), 'annotations');
  const role = roleOf(annotations, installation);
  switch (role.kind) {
    case 'skip':
      return undefined;
    case 'object':
      return { object: written };
    case 'wrong':
      throw invalid(written, origin, role.message);
    case 'hook': {
      const wave = hookWeight(annotations, installation);
      if (Number.isNaN(wave)) throw invalid(written, origin, 'annotation helm.sh/hook-weight is no integer');
      const { object, generated } = named(written);
      const hook = { times: role.times, deletes: role.deletes, generated };
      return { object, hook, ...(wave === undefined ? {} : { wave }) };
    }
  }
}

function named(written: JsonObject): { readonly object: JsonObject; readonly generated: boolean } {
  const { generateName, ...metadata } = objectAt(written, 'metadata');
  const generated = typeof generateName === 'string' && generateName !== '' && metadata['name'] === undefined;
  if (!generated) return { object: written, generated };
  return { object: { ...written, metadata: { ...metadata, name: generateName } }, generated };
}

function invalid(written: JsonObject, origin: Origin, message: string): Error {
  const metadata = objectAt(written, 'metadata');
  const name = stringAt(metadata, 'name') ?? stringAt(metadata, 'generateName') ?? '';
  const subject = `${stringAt(written, 'kind') ?? 'object'} ${name}`.trim();
  return renderError('InvalidObject', `${describeOrigin(origin)}: ${subject}: ${message}`);
}
