import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deletions } from './support/deletion.ts';
import { orders, pairOf } from './support/moves-pairs.ts';
import { setMoveStage, type Death } from './support/moves-stage.ts';

/** A pair at its gap keeps two workers and a few connections. */
const environment = { EVENKEEL_WORKERS: '64', EVENKEEL_API_CONNECTIONS: '32' };
const together = 20;

/** Without these it was no move; where else there is a gap the rehearsal tells. */
const everyMove = [
  'GET configmaps/*-config, no. 1',
  'PATCH configmaps/*-config (dry run), no. 1',
  'PATCH applications/*-right/status, no. 1',
  'PATCH configmaps/*-config, no. 1',
  'PATCH clusterroles/*-role, no. 1',
  'PATCH deployments/*-web, no. 1',
  'PATCH applications/*-left/status, no. 1',
];

test('moved in one commit, whichever looks first, killed in each gap between two requests: no uid changes', async (t) => {
  await using stage = await setMoveStage(environment);
  const rehearsal = orders.map((order) => pairOf(order, 0));
  await stage.begin(rehearsal);
  const requests = await stage.rehearse(rehearsal);
  const deaths = orders.flatMap((order, index) =>
    (requests[index] ?? []).map((before, gap): Death => ({ pair: pairOf(order, gap + 1), before })),
  );
  const rounds = Math.ceil(deaths.length / together);
  const died: Death[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const several = deaths.filter((_, index) => index % rounds === round);
    await stage.begin(several.map(({ pair }) => pair));
    died.push(...(await stage.die(several)));
  }
  for (const order of orders) {
    const gaps = died.filter(({ pair }) => pair.order === order).map(({ before }) => before);
    t.diagnostic(`${order} first, killed before each of ${gaps.length} requests: ${gaps.sort().join('; ')}`);
    assert.deepEqual(
      everyMove.filter((request) => !gaps.includes(request)),
      [],
      'each part of a move was fatal',
    );
    assert.ok(gaps.length >= 15, 'so many gaps at least');
  }
  assert.deepEqual(await deletions(stage.world), [], 'nothing is deleted');
});
