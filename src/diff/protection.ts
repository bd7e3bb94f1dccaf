import type { Application } from '../model/application.ts';
import type { Installation } from '../model/installation.ts';
import { stringAt } from '../model/json.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { annotationsOf } from '../model/object.ts';
import { annotationOf } from '../model/object-annotations.ts';
import type { Policy } from '../model/object-policy.ts';
import { hasPolicy, optionOn } from '../model/object-policy.ts';
import type { Permission } from '../model/sync-options.ts';

/** Whose rules hold for an object. */
export interface Keeper {
  readonly app: Application;
  readonly installation: Installation;
}

/** Whether an object may be deleted, and what says so; `why` is empty when nothing speaks against it. */
export interface Deletability {
  readonly permission: Permission;
  readonly why: string;
}

const deletable: Deletability = { permission: 'yes', why: '' };

/** Whether an object may go when Git drops it. Read from the live object, else from the Application's options. */
export function pruningOf(live: KubeObject, keeper: Keeper): Deletability {
  return alwaysKept(live, keeper) ?? keptBy('no-prune', live, keeper) ?? permitted(live, 'Prune', keeper);
}

/** Whether an object may go when its Application is deleted. */
export function deletionOf(live: KubeObject, keeper: Keeper): Deletability {
  return alwaysKept(live, keeper) ?? permitted(live, 'Delete', keeper);
}

function alwaysKept(live: KubeObject, keeper: Keeper): Deletability | undefined {
  if (stringAt(annotationsOf(live), 'helm.sh/resource-policy')?.trim() === 'keep')
    return { permission: 'no', why: 'annotation helm.sh/resource-policy: keep' };
  const protect = annotationOf(live, 'protect', keeper.installation);
  if (protect !== undefined && protect.value !== 'false') return { permission: 'no', why: `annotation ${protect.key}` };
  return keptBy('external', live, keeper);
}

function keptBy(policy: Policy, live: KubeObject, { installation }: Keeper): Deletability | undefined {
  return hasPolicy(live, policy, installation) ? { permission: 'no', why: `policy ${policy}` } : undefined;
}

/** The object's own option, else the Application's. */
function permitted(live: KubeObject, option: 'Prune' | 'Delete', { app, installation }: Keeper): Deletability {
  const own = optionOn(live, option, installation);
  if (own?.value === 'false') return { permission: 'no', why: own.where };
  if (own?.value === 'confirm') return { permission: 'confirm', why: own.where };
  const { syncOptions } = app.spec;
  const permission = option === 'Prune' ? syncOptions.prune : syncOptions.delete;
  if (own !== undefined || permission === 'yes') return deletable;
  return { permission, why: `syncOptions: ${option}=${permission === 'no' ? 'false' : 'confirm'}` };
}

export function isDefinition({ group, kind }: Pick<Ref, 'group' | 'kind'>): boolean {
  return group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition';
}

export function isChildApplication({ group, kind }: Pick<Ref, 'group' | 'kind'>): boolean {
  return group === 'evenkeel.dev' && kind === 'Application';
}

/** `protectedKinds` names kinds, or with their group: `Certificate.cert-manager.io`. */
export function isProtectedKind(ref: Pick<Ref, 'group' | 'kind'>, protectedKinds: readonly string[]): boolean {
  return protectedKinds.includes(ref.kind) || protectedKinds.includes(`${ref.kind}.${ref.group}`);
}
