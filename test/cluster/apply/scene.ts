import type { ClusterConnection } from '../../../src/kube/kube.ts';
import { connect, loadCredentials } from '../../../src/kube/kube.ts';
import type { Application } from '../../../src/model/application.ts';
import type { AuditRequest, ControlPlane, ControlPlaneOptions } from '../../../tools/control-plane/control-plane.ts';
import { startControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { applicationNamed } from '../../apply/application.ts';
import { Subject } from '../../apply/subject.ts';
import { realClock } from '../../fakes/clock.ts';
import { RecordedTelemetry } from '../../fakes/kube-telemetry.ts';

/** The user whose requests the tests count. */
export const operator = 'evenkeel-under-test';

/** A control plane, and the code under test connected to it as a user of its own. */
export class Scene implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly cluster: ClusterConnection;
  #namespaces = 0;

  constructor(plane: ControlPlane, cluster: ClusterConnection) {
    this.plane = plane;
    this.cluster = cluster;
  }

  /** An Application with a namespace of its own. */
  async application(change: Partial<Application['spec']> = {}): Promise<ClusterSubject> {
    const namespace = `case-${++this.#namespaces}`;
    await this.plane.kubectl(['create', 'namespace', namespace]);
    return new ClusterSubject(this, applicationNamed(namespace, change));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await this.plane.stop();
  }
}

export async function startScene(options: ControlPlaneOptions = {}): Promise<Scene> {
  const plane = await startControlPlane(options);
  const file = await plane.userKubeconfig(operator, ['system:masters']);
  const credentials = await loadCredentials({ kind: 'kubeconfig', file }, realClock);
  const telemetry = new RecordedTelemetry();
  const cluster = connect({
    credentials,
    clock: realClock,
    random: Math.random,
    telemetry,
    userAgent: 'evenkeel/test',
  });
  await cluster.followDefinitions();
  return new Scene(plane, cluster);
}

/** An Application under test on the real API server. */
export class ClusterSubject extends Subject {
  readonly scene: Scene;

  constructor(scene: Scene, app: Application) {
    super(scene.cluster, app);
    this.scene = scene;
  }

  /** Requests of the code under test about managed objects, as `verb resource`, oldest first, since the last forget. */
  async requests(): Promise<string[]> {
    const all = await this.scene.plane.requests(operator);
    const isAboutObjects = ({ group, resource }: AuditRequest): boolean =>
      resource !== '' && group !== 'authorization.k8s.io';
    return all.filter((one) => isAboutObjects(one) && one.verb !== 'watch' && one.verb !== 'list').map(describe);
  }

  async kubectl(args: readonly string[], stdin?: string): Promise<string> {
    return this.scene.plane.kubectl(['-n', this.namespace, ...args], stdin);
  }

  protected override beforeLook(): Promise<void> {
    return this.scene.plane.forgetRequests();
  }
}

function describe({ method, verb, resource, subresource, uri, code }: AuditRequest): string {
  const how = uri.includes('dryRun=All') ? 'dry-run' : method === 'PATCH' ? patchOf(uri) : verb;
  return [how, subresource === '' ? resource : `${resource}/${subresource}`, ...(code >= 400 ? [code] : [])].join(' ');
}

/** The audit log has no content type: only an apply says `force`. */
function patchOf(uri: string): string {
  if (!uri.includes('force=')) return 'patch';
  return uri.includes('force=true') ? 'apply forced' : 'apply';
}
