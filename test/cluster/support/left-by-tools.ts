import type { KubeObject } from '../../../src/model/object.ts';
import type { World } from '../../../tools/world.ts';
import type { JourneyOptions } from './journey.ts';
import { applyAs, createAs, helmInstall, kustomized, labelledByArgo, listOf, older } from './left-behind.ts';

/** A tool, and what it leaves in a namespace. */
interface Source {
  readonly name: string;
  readonly leave: (namespace: string) => Promise<unknown>;
  readonly options: JourneyOptions;
  /** As the sync's result names it. */
  readonly from: string;
}

const trackedByArgo = (namespace: string): KubeObject[] =>
  older().map((object) => {
    const group = object.apiVersion === 'v1' ? '' : 'apps';
    const id = `shop:${group}/${object.kind}:${namespace}/${object.metadata.name}`;
    const annotations = { 'argocd.argoproj.io/tracking-id': id, 'argocd.argoproj.io/installation-id': 'one' };
    return { ...object, metadata: { ...object.metadata, annotations } };
  });
const released = {
  labels: { 'helm.toolkit.fluxcd.io/name': 'shop', 'helm.toolkit.fluxcd.io/namespace': 'flux-system' },
  annotations: { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'shop' },
};

export function migratingFrom(...migrateFrom: string[]): JourneyOptions {
  return { spec: { ownership: { migrateFrom } } };
}

/** The real tools where they are here, the same requests otherwise. */
export function sourcesIn(world: World): readonly Source[] {
  return [
    {
      name: 'kubectl-apply',
      leave: (ns) => world.plane.kubectl(['apply', '-n', ns, '-f', '-'], listOf(older())),
      options: {},
      from: 'kubectl',
    },
    {
      name: 'kubectl-apply-server-side',
      leave: (ns) => world.plane.kubectl(['apply', '--server-side', '-n', ns, '-f', '-'], listOf(older())),
      options: {},
      from: 'kubectl',
    },
    {
      name: 'kubectl-apply-both',
      leave: async (ns) => {
        await world.plane.kubectl(['apply', '-n', ns, '-f', '-'], listOf(older()));
        await world.plane.kubectl(['apply', '--server-side', '-n', ns, '-f', '-'], listOf(older()));
      },
      options: {},
      from: 'kubectl',
    },
    {
      name: 'helm-install',
      leave: (ns) => helmInstall(world, { namespace: ns, serverSide: false }, older()),
      options: migratingFrom('helm'),
      from: 'Helm',
    },
    {
      name: 'helm-install-server-side',
      leave: (ns) => helmInstall(world, { namespace: ns, serverSide: true }, older()),
      options: migratingFrom('helm'),
      from: 'Helm',
    },
    {
      name: 'argocd-server-side',
      leave: (ns) => applyAs(world, { namespace: ns, manager: 'argocd-controller' }, trackedByArgo(ns)),
      options: migratingFrom('argocd'),
      from: 'Argo CD',
    },
    {
      name: 'argocd-client-side',
      leave: (ns) => createAs(world, { namespace: ns, manager: 'argocd-controller' }, older(labelledByArgo)),
      options: migratingFrom('argocd'),
      from: 'Argo CD',
    },
    {
      name: 'flux-kustomization',
      leave: (ns) => applyAs(world, { namespace: ns, manager: 'kustomize-controller' }, older(kustomized)),
      options: migratingFrom('flux'),
      from: 'Flux',
    },
    {
      name: 'flux-helm-release',
      leave: (ns) => createAs(world, { namespace: ns, manager: 'helm-controller' }, older(released)),
      options: migratingFrom('flux', 'helm', 'kubectl'),
      from: 'Flux and Helm and kubectl',
    },
    {
      name: 'manager-by-annotation',
      leave: (ns) => applyAs(world, { namespace: ns, manager: 'deployer' }, older()),
      options: { metadata: { annotations: { 'argocd.argoproj.io/client-side-apply-migration-manager': 'deployer' } } },
      from: 'deployer',
    },
  ];
}
