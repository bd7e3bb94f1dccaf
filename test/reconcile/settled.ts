import type { Application } from '../../src/model/application.ts';
import type { DesiredObject } from '../../src/model/desired.ts';
import type { Ref } from '../../src/model/object.ts';
import type { ChangeResult, Settled } from '../../src/model/outcome.ts';
import type { ChangeOf, KeepReason, Plan } from '../../src/model/plan.ts';
import { desiredFrom } from './repository.ts';
import { configMap } from './stage.ts';

/** The same without `syncPolicy.automated`. */
export function manual(app: Application): Application {
  const spec = { ...app.spec };
  Reflect.deleteProperty(spec, 'automated');
  return { ...app, spec };
}

export const noPlan: Plan = { revision: 'r1', digest: 'd1', changes: [], hash: '' };

/** A run that came to nothing special, but for what is given. */
export function settledAs(
  change: Partial<Settled> & { readonly results?: readonly ChangeResult[]; readonly plan?: Plan },
): Settled {
  const { results = [], plan = noPlan, ...rest } = change;
  return {
    revision: 'r1',
    digest: 'd1',
    sourceTypes: ['Directory'],
    repeated: [],
    chartVersions: [],
    sync: 'Synced',
    health: { status: 'Healthy', message: '' },
    objects: [],
    applied: { plan, results, awaited: [], overrides: [] },
    wrote: false,
    progressing: false,
    ...rest,
  };
}

export function desiredMap(name: string): DesiredObject {
  return desiredFrom(configMap(name), 'apps/shop');
}

export function keep(desired: DesiredObject | Ref, reason: KeepReason, message = ''): ChangeOf<'keep'> {
  return 'hash' in desired
    ? { kind: 'keep', ref: desired.ref, reason, message, desired }
    : { kind: 'keep', ref: desired, reason, message };
}

export function kept(change: ChangeOf<'keep'>): ChangeResult {
  return { kind: 'kept', change };
}
