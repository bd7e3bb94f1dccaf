import type { FileContent } from '../../../tools/git-server.ts';

/** Which Application of a pair looks at the move first. */
export const orders = ['dropping', 'adding'] as const;

export type Order = (typeof orders)[number];

/** Two Applications of one repository, in a folder each; what moves goes from the left one to the right one. */
export interface Pair {
  /** In the name of everything that is the pair's. */
  readonly name: string;
  readonly order: Order;
  readonly left: string;
  readonly right: string;
}

type Files = Record<string, FileContent>;

/** Of all pairs. */
export const namespace = 'moves';

const moving = ['ConfigMap/config', 'ClusterRole/role', 'Deployment/web'];

export function pairOf(order: Order, index: number): Pair {
  const name = `${order}-first-${index}`;
  return { name, order, left: `${name}-left`, right: `${name}-right` };
}

/** The name of the pair that a path of the API is about. */
export function pairIn(path: string): string | undefined {
  return /\/((?:dropping|adding)-first-\d+)-/.exec(path)?.[1];
}

export function firstOf({ order, left, right }: Pair): string {
  return order === 'dropping' ? left : right;
}

export function secondOf({ order, left, right }: Pair): string {
  return order === 'dropping' ? right : left;
}

/** `Kind/name` of what moves in the pair of this name. */
export function movingOf(name: string): string[] {
  return moving.map((one) => one.replace('/', `/${name}-`));
}

/** `Kind/name` of what the right one has all the time. */
export function otherOf(name: string): string {
  return `ConfigMap/${name}-other`;
}

/** The left one has what will move, and each has one object more. */
export function filesBefore(pair: Pair): Files {
  const { left, right, name } = pair;
  return {
    [`${left}/stays.json`]: object('v1', 'ConfigMap', `${name}-stays`),
    [`${right}/other.json`]: object('v1', 'ConfigMap', `${name}-other`),
    [`${left}/moving.yaml`]: manifests(name),
  };
}

export function filesOfMove({ left, right, name }: Pair): Files {
  return { [`${left}/moving.yaml`]: null, [`${right}/moving.yaml`]: manifests(name) };
}

function manifests(name: string): string {
  const labels = { app: name };
  const containers = [{ name: 'web', image: 'example.com/none' }];
  const template = { metadata: { labels }, spec: { containers } };
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }];
  return [
    object('v1', 'ConfigMap', `${name}-config`, { data: { name } }),
    object('rbac.authorization.k8s.io/v1', 'ClusterRole', `${name}-role`, { rules }),
    object('apps/v1', 'Deployment', `${name}-web`, {
      spec: { replicas: 0, selector: { matchLabels: labels }, template },
    }),
  ].join('\n---\n');
}

function object(apiVersion: string, kind: string, name: string, fields: object = {}): string {
  return JSON.stringify({ apiVersion, kind, metadata: { name }, ...fields });
}
