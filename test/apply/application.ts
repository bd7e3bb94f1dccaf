import { sourceSpec } from '../fakes/source-spec.ts';
import type { Application, ApplicationSpec } from '../../src/model/application.ts';
import { applicationKey } from '../../src/model/installation.ts';

const spec: ApplicationSpec = {
  project: 'default',
  sources: [sourceSpec({ path: 'deploy' })],
  hasSourceList: false,
  destinationNamespace: '',
  intervalMs: 30_000,
  automated: { prune: true, selfHeal: true, allowEmpty: false },
  retry: { durationMs: 5_000, factor: 2, maxDurationMs: 180_000 },
  revisionHistoryLimit: 10,
  healthChecks: [],
  guard: {
    maxObjects: 50,
    maxPercent: 25,
    protectedKinds: ['Namespace', 'PersistentVolumeClaim'],
    onTrip: 'RequireApproval',
  },
  timeouts: { progressMs: 600_000 },
  drift: { correction: 'Immediate', explicit: false, minIntervalMs: 2_000, auditMs: 3_600_000 },
};

/** An Application that syncs, prunes and heals by itself, into a namespace of its own name. */
export function applicationNamed(name: string, change: Partial<ApplicationSpec> = {}): Application {
  return {
    key: applicationKey('evenkeel', name),
    namespace: 'evenkeel',
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    generation: 1,
    deleting: false,
    finalizers: [],
    annotations: {},
    spec: { ...spec, destinationNamespace: name, ...change },
    fieldsIgnored: [],
    status: {},
    record: [],
  };
}
