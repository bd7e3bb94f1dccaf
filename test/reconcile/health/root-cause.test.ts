import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OperatorError } from '../../../src/model/errors.ts';
import type { FakeRequest } from '../../fakes/cluster.ts';
import {
  crashing,
  deadlineExceeded,
  deployed,
  deploymentRef,
  imageMissing,
  reportStatus,
  seedPods,
} from '../rollout.ts';
import { Stage } from '../stage.ts';

const second = 1_000;

/** What a look reads: an object by name, what it owns, events, logs. */
function isLook({ verb, ref, subresource }: FakeRequest): boolean {
  if (subresource === 'log') return true;
  const kinds = ['ReplicaSet', 'Pod', 'Event'];
  return (verb === 'list' && kinds.includes(ref.kind)) || (verb === 'get' && ref.kind === 'Deployment');
}

const cause = 'image "web:1" cannot be pulled (not found)';

describe('root causes', () => {
  it('of what progresses are looked for after a while, once, and told in status', async () => {
    await using stage = new Stage();
    await deployed(stage);
    seedPods(stage.cluster, [imageMissing, imageMissing]);
    const mark = stage.mark;
    await stage.advance(29 * second);
    assert.deepEqual(stage.since(mark, isLook), []);
    await stage.advance(second);
    const message = `0 of 2 updated replicas available: ${cause}`;
    assert.deepEqual(
      stage.status('shop').resources?.map(({ name, health }) => [name, health?.status, health?.message]),
      [['web', 'Progressing', message]],
    );
    assert.equal(stage.message('shop', 'Ready'), `Deployment.apps shop/web: ${message}`);
    const looked = ['get Deployment web', 'list ReplicaSet ', 'list Pod ', 'list Event '];
    assert.deepEqual(stage.since(mark, isLook), looked);
    await stage.advance(500 * second);
    assert.deepEqual(stage.since(mark, isLook), looked, 'not polled');
    await stage.advance(100 * second);
    assert.deepEqual(stage.since(mark, isLook), [...looked, ...looked], 'once more when its time is up');
    assert.equal(stage.status('shop').health?.message, `Deployment.apps shop/web: no progress for 10m: ${message}`);
  });

  it('are looked for at once when the verdict turns to Degraded, with the last line of the log, masked', async () => {
    await using stage = new Stage();
    await deployed(stage);
    seedPods(stage.cluster, [crashing, imageMissing, crashing]);
    for (const pod of ['web-1-0', 'web-1-2'])
      stage.cluster.logs.set(
        `shop/${pod}/main`,
        'starting\nno database at postgres://u:hunter2@db/x password=hunter2\n',
      );
    reportStatus(stage.cluster, 0, deadlineExceeded);
    await stage.quiet();
    const message = stage.message('shop', 'Ready');
    assert.match(message, /2 pods: container "main" ended with exit code 3, 4 restarts; its last line: no database at/);
    assert.match(message, /postgres:\/\/db\/x password=\[masked\]; 1 pod: image "web:1" cannot be pulled/);
    assert.doesNotMatch(message, /hunter2/);
  });

  it('read no log where log lines are switched off', async () => {
    await using stage = new Stage();
    stage.logLines = false;
    await deployed(stage);
    seedPods(stage.cluster, [crashing]);
    stage.cluster.logs.set('shop/web-1-0/main', 'the last line');
    const mark = stage.mark;
    reportStatus(stage.cluster, 0, deadlineExceeded);
    await stage.quiet();
    assert.match(stage.message('shop', 'Ready'), /exit code 3, 4 restarts$/);
    assert.deepEqual(
      stage.since(mark, ({ subresource }) => subresource === 'log'),
      [],
    );
  });

  it('are looked for while Git cannot be read, too', async () => {
    await using stage = new Stage();
    await deployed(stage);
    seedPods(stage.cluster, [imageMissing]);
    const failure = new OperatorError('no Git', { step: 'source', reason: 'GitUnavailable', retry: 'backoff' });
    stage.repository.failures.set('shop', failure);
    stage.repository.commit({});
    reportStatus(stage.cluster, 0, deadlineExceeded);
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'False GitUnavailable');
    const { status, message = '' } = stage.status('shop').health ?? {};
    assert.equal(status, 'Degraded');
    assert.match(message, /: image "web:1" cannot be pulled \(not found\)$/);
  });

  it('are told as far as they may be read', async () => {
    await using stage = new Stage();
    await deployed(stage);
    seedPods(stage.cluster, [crashing]);
    stage.cluster.fail(({ ref, subresource }) => ref.kind === 'Event' || subresource === 'log', 'forbidden', {
      times: 9,
    });
    reportStatus(stage.cluster, 0, deadlineExceeded);
    await stage.quiet();
    assert.match(stage.message('shop', 'Ready'), /container "main" ended with exit code 3, 4 restarts$/);
  });

  it('never keep the verdict back: it is told without them when the cluster does not answer', async () => {
    await using stage = new Stage();
    await deployed(stage);
    seedPods(stage.cluster, [imageMissing]);
    stage.cluster.beforeAnswer = ({ verb, ref }) =>
      verb === 'list' && ref.kind === 'Pod' ? new Promise(() => undefined) : Promise.resolve();
    stage.cluster.fail(({ verb, ref }) => verb === 'get' && ref.kind === 'Deployment', 'unavailable');
    reportStatus(stage.cluster, 0, deadlineExceeded);
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'False HealthDegraded');
    assert.doesNotMatch(stage.message('shop', 'Ready'), /cannot be pulled/);
    stage.cluster.beforeAnswer = () => Promise.resolve();
    await stage.advance(10 * second);
    assert.match(stage.message('shop', 'Ready'), /cannot be pulled/, 'and with them when it does again');
  });

  it('are looked for ten times in a row, then once in ten seconds, however often a verdict changes', async () => {
    await using stage = new Stage();
    await deployed(stage);
    seedPods(stage.cluster, [imageMissing]);
    const mark = stage.mark;
    for (let turn = 0; turn < 30; turn += 1) {
      const [condition] = deadlineExceeded['conditions'] as [Record<string, string>];
      reportStatus(stage.cluster, 0, { conditions: [{ ...condition, message: `turn ${turn}` }] });
      await stage.quiet();
    }
    const looks = (): number => stage.since(mark, ({ verb, ref }) => verb === 'list' && ref.kind === 'Event').length;
    assert.equal(looks(), 10);
    assert.match(stage.message('shop', 'Ready'), /turn 29$/);
    await stage.advance(10 * second);
    assert.equal(looks(), 11);
    assert.match(stage.message('shop', 'Ready'), /turn 29: image "web:1" cannot be pulled/);
    assert.ok(stage.cluster.peek(deploymentRef));
  });
});
