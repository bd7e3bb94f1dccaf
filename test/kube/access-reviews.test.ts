import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AccessReviews } from '../../src/kube/access-reviews.ts';
import type { Action } from '../../src/kube/cluster.ts';
import { ManualClock } from '../fakes/clock.ts';

const patch: Action = { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop' };

function start(allows: (action: Action) => boolean) {
  const asked: string[] = [];
  const clock = new ManualClock();
  const reviews = new AccessReviews((action) => {
    asked.push(`${action.verb} ${action.resource} ${action.namespace}`.trim());
    return Promise.resolve(allows(action));
  }, clock);
  return { asked, clock, reviews };
}

describe('permissions are asked for once', () => {
  test('an administrator is asked about everything, once in five minutes', async () => {
    const { asked, clock, reviews } = start(() => true);
    for (let sync = 0; sync < 3; sync++) assert.equal(await reviews.mayDo({ ...patch, namespace: `ns-${sync}` }), true);
    assert.deepEqual(asked, ['* *']);
    await clock.advance(301_000);
    assert.equal(await reviews.mayDo(patch), true);
    assert.deepEqual(asked, ['* *', '* *']);
  });

  test('what is granted in all namespaces is not asked for each of them', async () => {
    const { asked, reviews } = start(({ verb, namespace }) => verb === 'patch' && namespace === '');
    for (const namespace of ['a', 'b']) assert.equal(await reviews.mayDo({ ...patch, namespace }), true);
    assert.deepEqual(asked, ['* *', 'patch deployments']);
  });

  test('what is granted in one namespace is asked for there', async () => {
    const { asked, reviews } = start(({ verb, namespace }) => verb === 'patch' && namespace === 'shop');
    assert.equal(await reviews.mayDo(patch), true);
    assert.equal(await reviews.mayDo(patch), true);
    assert.equal(await reviews.mayDo({ ...patch, namespace: 'other' }), false);
    assert.deepEqual(asked.slice(0, 3), ['* *', 'patch deployments', 'patch deployments shop']);
    assert.equal(asked.filter((one) => one === 'patch deployments shop').length, 1);
  });

  test('a denial is not remembered: a permission counts as soon as it is granted', async () => {
    let isGranted = false;
    const { reviews } = start(({ verb }) => verb === 'patch' && isGranted);
    assert.equal(await reviews.mayDo(patch), false);
    isGranted = true;
    assert.equal(await reviews.mayDo(patch), true);
  });

  test('after a refusal of the server everything is asked anew', async () => {
    let isAdmin = true;
    const { reviews } = start(() => isAdmin);
    assert.equal(await reviews.mayDo(patch), true);
    isAdmin = false;
    reviews.forget();
    assert.equal(await reviews.mayDo(patch), false);
  });

  test('a question that failed is asked again', async () => {
    let fails = true;
    const { reviews } = start(() => {
      if (fails) throw new Error('no answer');
      return true;
    });
    await assert.rejects(reviews.mayDo(patch), /no answer/);
    fails = false;
    assert.equal(await reviews.mayDo(patch), true);
  });
});
