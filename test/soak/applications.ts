import type { ConditionJson, World } from '../../tools/world.ts';
import { applications, conditionOf, type ApplicationJson } from '../../tools/world.ts';
import type { Fleet } from './fleet.ts';

/**
 * The interval is an hour and there is no audit, so that whatever is put right was noticed. A failure is soon tried again,
 * and for ever. The script drops more than the guard lets pass by default, in one go when the operator was away.
 */
export async function declareAll({ plane }: World, fleet: Fleet): Promise<void> {
  for (const { name, repository } of fleet.folders) {
    const body = {
      apiVersion: 'evenkeel.dev/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace: 'evenkeel' },
      spec: {
        source: { repoURL: repository.git.url, path: name, targetRevision: 'main' },
        destination: { namespace: repository.name },
        interval: '1h',
        drift: { audit: '0' },
        prune: { guard: { maxObjects: 1_000, maxPercent: 100 } },
        syncPolicy: {
          automated: { prune: true, selfHeal: true },
          retry: { limit: -1, backoff: { duration: '2s', factor: 2, maxDuration: '10s' } },
        },
      },
    };
    await plane.api.must({ method: 'POST', path: applications, body });
  }
}

/** What an Application says that is not true yet, or not good; empty when all is well. */
export function complaintsOf({ metadata: { name }, status = {} }: ApplicationJson): string[] {
  const { sync, health, conditions = [] } = status;
  const bad = conditions.filter(isBad);
  const isReady = conditionOf(status, 'Ready')?.status === 'True';
  const isWell = sync?.status === 'Synced' && health?.status === 'Healthy' && isReady;
  if (isWell && bad.length === 0) return [];
  return [
    `${name}: ${JSON.stringify(sync)}, ${JSON.stringify(health)}`,
    ...bad.map((condition) => `${name}: ${JSON.stringify(condition)}`),
  ];
}

function isBad({ type, status }: ConditionJson): boolean {
  return type === 'Ready' ? status !== 'True' : status === 'True';
}

export async function listApplications({ plane }: World): Promise<readonly ApplicationJson[]> {
  return ((await plane.api.must({ path: applications })) as { items: readonly ApplicationJson[] }).items;
}
