import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fights } from '../../../src/reconcile/drift/fights.ts';
import { applicationNamed } from '../../apply/application.ts';
import { ManualClock } from '../../fakes/clock.ts';

const minute = 60_000;
const app = applicationNamed('web');
const ref = { apiVersion: 'v1', group: '', kind: 'ConfigMap', namespace: 'web', name: 'map' };
const writer = { manager: 'kubectl-edit', operation: 'Update', subresource: '', time: '' } as const;
const taken = [{ writer, fields: ['data.a'] }];

describe('fights', () => {
  it('forget what was taken once though nothing happens afterwards, and then wait for nothing', async () => {
    const clock = new ManualClock();
    using fights = new Fights(clock, () => assert.fail('one take is no fight'));
    fights.looked(app, { ref, taken, left: [] });
    await clock.advance(minute);
    assert.equal(clock.pending, 1);
    await clock.advance(3 * minute);
    assert.equal(clock.pending, 0);
  });

  it('remember what stands, and tell its end once', async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    using fights = new Fights(clock, ({ kind, entry }) => told.push(`${kind} ${entry.manager}`));
    for (let take = 0; take < app.spec.drift.fight.limit + 1; take += 1) fights.looked(app, { ref, taken, left: [] });
    fights.looked(app, { ref, taken: [], left: ['data.a'] });
    await clock.advance(10 * minute);
    assert.ok(fights.isFought(ref));
    assert.deepEqual(told, ['began kubectl-edit']);
    fights.looked(app, { ref, taken, left: [] });
    await clock.advance(10 * minute);
    assert.ok(!fights.isFought(ref));
    assert.deepEqual(told, ['began kubectl-edit', 'ended kubectl-edit']);
    assert.equal(clock.pending, 0);
  });
});
