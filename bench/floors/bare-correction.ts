import type { KubeObject } from '../../src/model/object.ts';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { changeMode } from '../stage/foreign.ts';
import { plainMode } from '../stage/fleet.ts';
import { tapCollection } from '../stage/object-tap.ts';
import { applyObject } from './bare-install.ts';

const object: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'bare', namespace: 'default' },
  data: { mode: plainMode },
};

/** Milliseconds from each foreign write to its correction by a client that knows what to do and only waits for the event. */
export async function bareCorrections(plane: ControlPlane, count: number): Promise<number[]> {
  await applyObject(plane, object, '&force=true');
  await using tap = await tapCollection(plane.api, '/api/v1/namespaces/default/configmaps');
  const durations: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const modeIs = async (mode: string): Promise<number> =>
      tap.when(`mode ${mode}`, ({ metadata, data }) => metadata.name === 'bare' && data?.['mode'] === mode);
    const changed = modeIs('foreign');
    const began = performance.now();
    const written = changeMode(plane, { namespace: 'default', name: 'bare' });
    await changed;
    const restored = modeIs(plainMode);
    await applyObject(plane, object, '&force=true');
    durations.push((await restored) - began);
    await written;
  }
  return durations;
}
