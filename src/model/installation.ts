import { base32, sha256 } from './hash.ts';
import { stringAt } from './json.ts';
import type { KubeObject, Ref } from './object.ts';
import { labelsOf } from './object.ts';

/** Every name that an installation writes into a cluster. A second installation has names of its own. */
export interface Installation {
  /** Empty for the first installation of a cluster. */
  readonly name: string;
  /** Applies of Git's objects, nothing else. */
  readonly manager: string;
  /** Applications, Inventories, Leases, Events. */
  readonly controllerManager: string;
  /** Namespaces that `CreateNamespace` makes. */
  readonly namespaceManager: string;
  /** `evenkeel.dev/` or `NAME.evenkeel.dev/`. */
  readonly prefix: string;
  readonly partOfLabel: string;
  readonly slotLabel: string;
  readonly trackingAnnotation: string;
  readonly finalizer: string;
}

export function installationNamed(name: string): Installation {
  const suffix = name === '' ? '' : `-${name}`;
  const prefix = name === '' ? 'evenkeel.dev/' : `${name}.evenkeel.dev/`;
  return {
    name,
    manager: `evenkeel${suffix}`,
    controllerManager: `evenkeel${suffix}-controller`,
    namespaceManager: `evenkeel${suffix}-namespace`,
    prefix,
    partOfLabel: `${prefix}part-of`,
    slotLabel: `${prefix}slot`,
    trackingAnnotation: `${prefix}tracking-id`,
    finalizer: 'evenkeel.dev/resources-finalizer',
  };
}

const installationLabel = 'evenkeel.dev/installation';

/** Every installation has Applications of its own: those that name it, or for the first those that name none. */
export function applicationsOf({ name }: Installation): string {
  return name === '' ? `!${installationLabel}` : `${installationLabel}=${name}`;
}

/** The installation that an Application belongs to. */
export function installationOf(application: KubeObject): Installation {
  return installationNamed(stringAt(labelsOf(application), installationLabel) ?? '');
}

/** `namespace/name` of an Application: the key of every queue and map. */
export type ApplicationKey = string;

export function applicationKey(namespace: string, name: string): ApplicationKey {
  return `${namespace}/${name}`;
}

export function parseApplicationKey(key: ApplicationKey): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The marks that a managed object carries: two labels to find it by and an annotation that names itself. */
export interface Marks {
  readonly partOf: string;
  /** "00" … "63", never changes for an object. */
  readonly slot: string;
}

/** The same after delete and re-create or restore: it depends on names only. */
export function marksOf(installation: Installation, key: ApplicationKey): Marks {
  const digest = sha256(`${installation.name}|${key}`);
  return { partOf: base32(digest).slice(0, 26), slot: String((digest[0] ?? 0) % 64).padStart(2, '0') };
}

/** `<namespace>_<name>:<group>/<kind>:<namespace>/<name>`: says of which Application and which object it is the mark. */
export function trackingId(key: ApplicationKey, ref: Ref): string {
  return trackerOf(key) + trackedObject(ref);
}

/** The part of a tracking id that names the Application. */
export function trackerOf(key: ApplicationKey): string {
  return key.replace('/', '_');
}

/** The same of an id found on an object; empty when it names another object: labels and annotations get copied. */
export function trackerIn(id: string, ref: Ref): string {
  const object = trackedObject(ref);
  return id.endsWith(object) ? id.slice(0, -object.length) : '';
}

function trackedObject(ref: Ref): string {
  return `:${ref.group}/${ref.kind}:${ref.namespace}/${ref.name}`;
}
