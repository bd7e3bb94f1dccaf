import { connect, loadCredentials } from '../../src/kube/kube.ts';
import { startControlPlane } from '../../tools/control-plane/control-plane.ts';
import { clusterContract } from '../contract/cluster.ts';
import { realClock } from '../fakes/clock.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';

clusterContract('a real API server', async () => {
  await using cleanup = new AsyncDisposableStack();
  const plane = cleanup.use(await startControlPlane());
  const credentials = await loadCredentials({ kind: 'kubeconfig', file: plane.kubeconfig }, realClock);
  const cluster = cleanup.use(
    connect({
      credentials,
      clock: realClock,
      random: Math.random,
      telemetry: new RecordedTelemetry(),
      userAgent: 'evenkeel/test',
    }),
  );
  await cluster.followDefinitions();
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'contract' } };
  await cluster.create(namespace, { manager: 'test' });
  const owned = cleanup.move();
  return { cluster, namespace: 'contract', [Symbol.asyncDispose]: () => owned.disposeAsync() };
});
