import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { eventually } from '../eventually.ts';
import type { ApiClient } from './api-client.ts';

const STAGES = path.join(import.meta.dirname, '..', 'rollouts', 'stages');

/** The stage files of tools/rollouts, which say how pods and nodes behave. */
export async function stageFiles(): Promise<string[]> {
  const names = await readdir(STAGES);
  return names.sort().map((name) => path.join(STAGES, name));
}

/** Creates nodes that kwok plays, and waits until pods may be scheduled on all of them. */
export async function createNodes(api: ApiClient, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
  await Promise.all(names.map((name) => api.must({ method: 'POST', path: '/api/v1/nodes', body: nodeOf(name) })));
  await eventually(`${count} nodes to be ready`, async () => {
    const nodes = await Promise.all(names.map((name) => api.must({ path: `/api/v1/nodes/${name}` })));
    return nodes.every(isSchedulable);
  });
}

function nodeOf(name: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    },
  };
}

interface Node {
  spec: { taints?: unknown[] };
  status: { conditions?: { type: string; status: string }[] };
}

function isSchedulable(object: unknown): boolean {
  const { spec, status } = object as Node;
  const ready = status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return ready && (spec.taints ?? []).length === 0;
}
