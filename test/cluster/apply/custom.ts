import type { JsonObject } from '../../../src/model/json.ts';
import { eventually } from '../../../tools/eventually.ts';
import { definition } from '../../apply/objects.ts';
import type { Scene } from './scene.ts';

/** Resolves when the code under test knows `Widget` of this group. */
export async function serveWidgets(scene: Scene, group: string, properties: JsonObject): Promise<void> {
  await scene.plane.kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(definition(group, properties)));
  await scene.plane.kubectl(['wait', '--for=condition=Established', `crd/widgets.${group}`, '--timeout=60s']);
  await eventually('the kind to be served', async () => {
    await scene.cluster.kinds.refresh();
    return scene.cluster.kinds.find({ group, kind: 'Widget' }).state === 'served';
  });
}
