import { applicationSpec, selfHealing } from '../fakes/application-spec.ts';
import { sourceSpec } from '../fakes/source-spec.ts';
import type { Application, ApplicationSpec } from '../../src/model/application.ts';
import { applicationKey } from '../../src/model/installation.ts';
import { defaultGuard } from '../../src/model/parse-spec.ts';

const spec = applicationSpec({
  ...selfHealing,
  sources: [sourceSpec({ path: 'deploy' })],
  guard: { ...defaultGuard, protectedKinds: ['Namespace', 'PersistentVolumeClaim'] },
});

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
