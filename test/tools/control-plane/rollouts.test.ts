import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../../tools/eventually.ts';
import { startControlPlane, type ControlPlane } from '../../../tools/control-plane/control-plane.ts';

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ nodes: 2 });
});
after(() => plane.stop());

const OUTCOME = 'rollout.evenkeel.dev/outcome';

function podTemplate(outcome: string | undefined, app: string, more: object = {}): object {
  const annotations = outcome === undefined ? {} : { [OUTCOME]: outcome };
  return {
    metadata: { labels: { app }, annotations },
    spec: { containers: [{ name: 'main', image: 'main:1' }], ...more },
  };
}

async function workload(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet',
  name: string,
  outcome?: string,
): Promise<void> {
  const spec = {
    selector: { matchLabels: { app: name } },
    template: podTemplate(outcome, name),
    ...(kind === 'DaemonSet' ? {} : { replicas: 2 }),
    ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
  };
  await apply({ apiVersion: 'apps/v1', kind, metadata: { name }, spec });
}

async function job(name: string, outcome?: string): Promise<void> {
  const spec = { backoffLimit: 0, template: podTemplate(outcome, name, { restartPolicy: 'Never' }) };
  await apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec });
}

async function apply(object: object): Promise<void> {
  await plane.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(object));
}

interface Pod {
  metadata: { name: string };
  status: {
    phase: string;
    containerStatuses?: { restartCount: number; ready: boolean; state: { waiting?: { reason: string } } }[];
  };
}

async function podsOf(app: string): Promise<Pod[]> {
  const list = await plane.api.must({ path: `/api/v1/namespaces/default/pods?labelSelector=app=${app}` });
  return (list as { items: Pod[] }).items;
}

const waitingReason = (pod: Pod | undefined): string | undefined =>
  pod?.status.containerStatuses?.[0]?.state.waiting?.reason;
const condition = (object: string, name: string) =>
  plane.kubectl(['wait', `--for=condition=${name}`, object, '--timeout=60s']);
const rolledOut = (object: string) => plane.kubectl(['rollout', 'status', object, '--timeout=60s']);

test('rollouts: Deployment, StatefulSet and DaemonSet complete', async () => {
  await workload('Deployment', 'deployed');
  await workload('StatefulSet', 'ordered');
  await workload('DaemonSet', 'everywhere');
  await condition('deployment/deployed', 'Available');
  await rolledOut('statefulset/ordered');
  await rolledOut('daemonset/everywhere');
  assert.equal((await podsOf('everywhere')).length, 2);
});

test('rollouts: one Job completes, another fails, a third runs on', async () => {
  await job('good');
  await job('bad', 'fail');
  await job('endless', 'run');
  await condition('job/good', 'Complete');
  await condition('job/bad', 'Failed');
  await eventually('the pod to run', async () => (await podsOf('endless'))[0]?.status.phase === 'Running');
});

test('rollouts: a held pod stays Pending until its annotation goes', async () => {
  await workload('Deployment', 'held', 'hold');
  await eventually('both pods to be held', async () => {
    const pods = await podsOf('held');
    return pods.length === 2 && pods.every((pod) => waitingReason(pod) === 'ContainerCreating');
  });
  assert.deepEqual(
    (await podsOf('held')).map((pod) => pod.status.phase),
    ['Pending', 'Pending'],
  );
  await plane.kubectl(['annotate', 'pod', '-l', 'app=held', `${OUTCOME}-`]);
  await condition('deployment/held', 'Available');
});

test('rollouts: image errors, crash loops and pods that never become ready', async () => {
  await workload('Deployment', 'imageless', 'image-pull-backoff');
  await workload('Deployment', 'crashing', 'crash-loop');
  await workload('Deployment', 'unready', 'not-ready');
  await eventually('the image error', async () => waitingReason((await podsOf('imageless'))[0]) === 'ImagePullBackOff');
  await eventually('a second restart', async () => {
    const [pod] = await podsOf('crashing');
    return waitingReason(pod) === 'CrashLoopBackOff' && (pod?.status.containerStatuses?.[0]?.restartCount ?? 0) >= 2;
  });
  await eventually('an unready pod', async () => {
    const [pod] = await podsOf('unready');
    return pod?.status.phase === 'Running' && pod.status.containerStatuses?.[0]?.ready === false;
  });
});

test('rollouts: what is deleted goes, and a namespace finishes terminating', async () => {
  await plane.kubectl(['create', 'namespace', 'short']);
  await plane.kubectl(['-n', 'short', 'create', 'deployment', 'web', '--image=web:1']);
  await plane.kubectl(['-n', 'short', 'wait', '--for=condition=Available', 'deployment/web', '--timeout=60s']);
  await plane.kubectl(['delete', 'namespace', 'short', '--timeout=60s']);
});
