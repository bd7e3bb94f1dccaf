import type { Cluster, RequestOptions } from '../kube/cluster.ts';
import { ApiError } from '../model/api-error.ts';
import type { DesiredObject } from '../model/desired.ts';
import type { JsonObject } from '../model/json.ts';
import { objectAt, stringAt } from '../model/json.ts';
import { requestOptions } from './context.ts';
import type { GroupKind, KubeObject, Ref } from '../model/object.ts';
import { describeRef, groupKindKey, groupOf, refOf } from '../model/object.ts';

/** Kinds whose objects set the replicas of what `spec.scaleTargetRef` names, and the target's kind where it says none. */
const autoscalers: readonly (GroupKind & {
  readonly target: { readonly apiVersion: string; readonly kind: string };
})[] = [
  { group: 'autoscaling', kind: 'HorizontalPodAutoscaler', target: { apiVersion: '', kind: '' } },
  { group: 'keda.sh', kind: 'ScaledObject', target: { apiVersion: 'apps/v1', kind: 'Deployment' } },
];

export interface AutoscalerSources {
  readonly cluster: Pick<Cluster, 'kinds' | 'list'>;
  readonly signal: AbortSignal;
  readonly priority?: RequestOptions['priority'];
  /** What Git wants, where that is at hand: an autoscaler may not be in the cluster yet. */
  readonly desired: readonly DesiredObject[];
}

/**
 * Who sets the replicas of workloads. Asked only about a workload whose number is not as Git says; a namespace is listed
 * once.
 */
export class Autoscalers {
  readonly #sources: AutoscalerSources;
  readonly #found = new Map<string, Promise<readonly KubeObject[]>>();

  constructor(sources: AutoscalerSources) {
    this.#sources = sources;
  }

  /** `HorizontalPodAutoscaler.autoscaling shop/web`; undefined: nobody. Throws ApiError when nobody can say. */
  async of(workload: KubeObject): Promise<string | undefined> {
    const { namespace } = refOf(workload);
    const all = this.#found.get(namespace) ?? this.#in(namespace);
    this.#found.set(namespace, all);
    const one = (await all).find((autoscaler) => targets(autoscaler, workload));
    return one === undefined ? undefined : describeRef(refOf(one));
  }

  async #in(namespace: string): Promise<readonly KubeObject[]> {
    const kinds = new Set(autoscalers.map(groupKindKey));
    const isHere = (ref: Ref): boolean => kinds.has(groupKindKey(ref)) && ref.namespace === namespace;
    const wanted = this.#sources.desired.filter(({ ref }) => isHere(ref)).map((object) => object.body());
    const present = await Promise.all(autoscalers.map((kind) => this.#list(kind, namespace)));
    return [...present.flat(), ...wanted];
  }

  async #list(kind: GroupKind, namespace: string): Promise<readonly KubeObject[]> {
    const { cluster } = this.#sources;
    const answer = cluster.kinds.find(kind);
    if (answer.state !== 'served') return [];
    const found: KubeObject[] = [];
    try {
      for await (const page of cluster.list(answer.kind, { namespace, ...requestOptions(this.#sources) }))
        found.push(...page.items);
    } catch (error) {
      // Whoever may not see autoscalers has to say in `conflicts` what they set.
      const isClosed = error instanceof ApiError && (error.kind === 'forbidden' || error.kind === 'notServed');
      if (!isClosed) throw error;
    }
    return found;
  }
}

function targets(autoscaler: KubeObject, workload: KubeObject): boolean {
  const wanted = objectAt(autoscaler['spec'], 'scaleTargetRef');
  const { group, kind, name } = refOf(workload);
  const { apiVersion, kind: targetKind } = withDefaults(wanted, autoscaler);
  return stringAt(wanted, 'name') === name && targetKind === kind && groupOf(apiVersion) === group;
}

function withDefaults(wanted: JsonObject, autoscaler: KubeObject): { apiVersion: string; kind: string } {
  const { target } = autoscalers.find(({ kind }) => kind === autoscaler.kind) ?? {
    target: { apiVersion: '', kind: '' },
  };
  return {
    apiVersion: stringAt(wanted, 'apiVersion') ?? target.apiVersion,
    kind: stringAt(wanted, 'kind') ?? target.kind,
  };
}
