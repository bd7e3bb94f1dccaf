import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SharedFleet } from './stage/shared-fleet.ts';
import { sizesFor } from './sizes.ts';
import { portChange } from './stage/foreign.ts';
const s = sizesFor({ quick: true });
await using shared = new SharedFleet({ ...s, fleet: { applications: 2, objectsEach: 6 } });
const { stage, members } = await shared.get();
const m = members[0]!;
await stage.world.plane.forgetRequests();
await portChange.act(stage.world.plane, m);
for (let i = 0; i < 10; i++) {
  await sleep(1000);
  const o = await stage.world.plane.api.must({ path: `/api/v1/namespaces/${m.namespace}/services/${m.name}` }) as any;
  console.log(i, JSON.stringify(o.spec.ports));
}
const o = await stage.world.plane.api.must({ path: `/api/v1/namespaces/${m.namespace}/services/${m.name}` }) as any;
console.log(JSON.stringify(o.metadata.managedFields.map((x: any) => [x.manager, x.operation, x.time, JSON.stringify(x.fieldsV1).slice(0, 600)]), undefined, 1));
for (const r of await stage.world.requests()) console.log(r.verb, r.uri, r.code);
console.log(JSON.stringify((await stage.world.read(m.name)).status, undefined, 1));
console.log(readFileSync(stage.operator.child.logFile, 'utf8').split('\n').slice(-30).join('\n'));
