import { stringAt } from '../model/json.ts';
import type { FieldWriter } from '../model/live.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { annotationsOf, labelsOf, refOf } from '../model/object.ts';
import type { OwnershipPolicy, Tool } from '../model/ownership.ts';

/** What the server calls the owner of everything that was there before managedFields were tracked. */
export const beforeFirstApply = 'before-first-apply';

/** A label or annotation by which a tool finds its objects again. */
export interface Tracker {
  readonly at: 'labels' | 'annotations';
  readonly name: string;
  readonly value: string;
}

interface Traces {
  /** As people call it. */
  readonly title: string;
  /** `manager` or `manager/Operation`: some names are shared with writers that only patch. */
  readonly managers: readonly string[];
  /** Names, or prefixes that end with a slash. */
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
  /** Those of them that say that the tool manages the object now. */
  readonly live: readonly string[];
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const argoTrackingId = 'argocd.argoproj.io/tracking-id';

/** What each tool leaves on the objects that it deploys. */
const traces: Readonly<Record<Tool, Traces>> = {
  kubectl: {
    title: 'kubectl',
    managers: ['kubectl-client-side-apply', 'kubectl/Apply', 'kubectl-last-applied'],
    labels: [],
    annotations: [lastApplied],
    live: [],
  },
  helm: {
    title: 'Helm',
    managers: ['helm'],
    labels: [],
    annotations: ['meta.helm.sh/'],
    live: ['meta.helm.sh/release-name'],
  },
  argocd: {
    title: 'Argo CD',
    managers: ['argocd-controller', 'argocd-application-controller'],
    labels: ['argocd.argoproj.io/instance'],
    annotations: [argoTrackingId, 'argocd.argoproj.io/installation-id', lastApplied],
    live: ['argocd.argoproj.io/instance', argoTrackingId],
  },
  flux: {
    title: 'Flux',
    managers: ['kustomize-controller', 'helm-controller', 'flux-client-side-apply'],
    labels: ['kustomize.toolkit.fluxcd.io/', 'helm.toolkit.fluxcd.io/'],
    annotations: [],
    live: ['kustomize.toolkit.fluxcd.io/name', 'helm.toolkit.fluxcd.io/name'],
  },
};

const tools: readonly Tool[] = ['argocd', 'flux', 'helm', 'kubectl'];

/** True for a writer whose fields the tool set as a whole, deploying the object. */
export function writesAs(tool: Tool, { manager, operation }: FieldWriter): boolean {
  const { managers } = traces[tool];
  return managers.includes(manager) || managers.includes(`${manager}/${operation}`);
}

export function titleOf(tool: Tool): string {
  return traces[tool].title;
}

/** What the tool would know the object by. */
export function trackersOf(tool: Tool, live: KubeObject): Tracker[] {
  return marksIn(live).filter(({ at, name }) => {
    const names = traces[tool][at];
    return names.some((known) => name === known || (known.endsWith('/') && name.startsWith(known)));
  });
}

/** Why the tool counts as managing the object now; undefined when nothing says so. */
export function liveTracker(tool: Tool, live: KubeObject): Tracker | undefined {
  return trackersOf(tool, live).find(
    ({ name, value }) =>
      traces[tool].live.includes(name) && (name !== argoTrackingId || namesItself(value, refOf(live))),
  );
}

/** A tool that manages the object now and that the policy does not migrate from. */
export function otherManager(live: KubeObject, { migrateFrom }: OwnershipPolicy): Tool | undefined {
  return tools.find((tool) => !migrateFrom.includes(tool) && liveTracker(tool, live) !== undefined);
}

/** Tools from which an object is taken: those of the policy, and with `Always` those that manage it now. */
export function toolsTakenFrom(live: KubeObject, { adopt, migrateFrom }: OwnershipPolicy): readonly Tool[] {
  return tools.filter(
    (tool) => migrateFrom.includes(tool) || (adopt === 'Always' && liveTracker(tool, live) !== undefined),
  );
}

function marksIn(live: KubeObject): Tracker[] {
  return [
    ...Object.keys(labelsOf(live)).map((name) => markAt('labels', name, live)),
    ...Object.keys(annotationsOf(live)).map((name) => markAt('annotations', name, live)),
  ];
}

function markAt(at: Tracker['at'], name: string, live: KubeObject): Tracker {
  return { at, name, value: stringAt(at === 'labels' ? labelsOf(live) : annotationsOf(live), name) ?? '' };
}

/** Argo CD itself ignores a tracking id that was copied from another object. */
function namesItself(id: string, ref: Ref): boolean {
  return id.endsWith(`:${ref.group}/${ref.kind}:${ref.namespace}/${ref.name}`);
}
