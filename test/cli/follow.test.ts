import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Goal, Standing } from '../../src/cli/follow.ts';
import { standingOf } from '../../src/cli/follow.ts';
import { namedObject, selectorOf } from '../../src/cli/named-object.ts';
import type { JsonObject } from '../../src/model/json.ts';

/** Generation 3 is the newest. */
function condition(type: string, status: string, observedGeneration = 3): JsonObject {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  return { type, status, reason: 'Healthy', message: `${type} says`, lastTransitionTime, observedGeneration };
}

function phase(phase: string): JsonObject {
  const time = '2026-01-01T00:00:00Z';
  const ended = phase === 'Running' ? {} : { finishedAt: time };
  return { operation: {}, phase, message: 'as it is', startedAt: time, ...ended };
}

interface Case {
  readonly name: string;
  readonly operation?: JsonObject;
  readonly status: JsonObject;
  readonly goal?: Goal;
  readonly expected: Standing;
}

const cases: readonly Case[] = [
  {
    name: 'an operation that nobody has begun, whatever the one before came to',
    operation: { sync: {} },
    status: { operationState: phase('Failed') },
    expected: { kind: 'under way', message: 'waiting for the operator' },
  },
  {
    name: 'one that runs',
    operation: { sync: {} },
    status: { operationState: phase('Running') },
    expected: { kind: 'under way', message: 'Running: as it is' },
  },
  {
    name: 'one that failed',
    status: { operationState: phase('Error'), conditions: [condition('Ready', 'True')] },
    expected: { kind: 'failed', message: 'Error: as it is' },
  },
  {
    name: 'one that succeeded, of an Application that is not Ready',
    status: { operationState: phase('Succeeded'), conditions: [condition('Ready', 'False')] },
    expected: { kind: 'under way', message: 'Succeeded: as it is; not Ready yet: Ready says' },
  },
  {
    name: 'one that succeeded, while Ready is said about an older generation',
    status: { operationState: phase('Succeeded'), conditions: [condition('Ready', 'True', 2)] },
    expected: { kind: 'under way', message: 'Succeeded: as it is; not Ready yet: Ready says' },
  },
  {
    name: 'one that succeeded, of an Application that is Ready',
    status: { operationState: phase('Succeeded'), conditions: [condition('Ready', 'True')] },
    expected: { kind: 'done', message: 'Succeeded: as it is' },
  },
  {
    name: 'a dry run that succeeded',
    goal: 'ended',
    status: { operationState: phase('Succeeded'), conditions: [condition('Ready', 'False')] },
    expected: { kind: 'done', message: 'Succeeded: as it is' },
  },
  {
    name: 'an older revision that succeeded and works',
    goal: 'healthy',
    status: {
      operationState: phase('Succeeded'),
      conditions: [condition('Ready', 'False')],
      health: { status: 'Healthy', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
    },
    expected: { kind: 'done', message: 'Succeeded: as it is' },
  },
  {
    name: 'an Application that is refused',
    operation: { sync: {} },
    status: { conditions: [condition('Stalled', 'True')] },
    expected: { kind: 'failed', message: 'Stalled: Stalled says' },
  },
  {
    name: 'an Application that was refused before the request',
    operation: { sync: {} },
    status: { conditions: [condition('Stalled', 'True', 2)] },
    expected: { kind: 'under way', message: 'waiting for the operator' },
  },
];

describe('how far an operation has come', () => {
  for (const { name, operation, status, goal = 'ready', expected } of cases) {
    test(name, () => {
      const metadata = { name: 'shop', namespace: 'evenkeel', generation: 3 };
      const object = { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'Application', metadata, status };
      const asked = operation === undefined ? object : { ...object, operation };
      assert.deepEqual(standingOf(asked, goal), expected);
    });
  }
});

describe('an object that a user names', () => {
  const web = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };

  test('is found by what is said of it', () => {
    for (const text of ['Deployment/web', 'Deployment.apps/web', 'Deployment.apps/shop/web', 'Deployment/shop/web'])
      assert.equal(namedObject(text)(web), true, text);
    for (const text of ['Deployment.extensions/web', 'Deployment/other/web', 'Deployment/shop', 'StatefulSet/web'])
      assert.equal(namedObject(text)(web), false, text);
  });

  test('is asked for with its group, the core one when none is said', () => {
    assert.deepEqual(selectorOf('Deployment.apps/shop/web'), web);
    assert.deepEqual(selectorOf('ConfigMap/a'), { group: '', kind: 'ConfigMap', name: 'a' });
  });

  for (const text of ['web', '/web', 'Deployment/', 'Deployment.apps/a/b/c'])
    test(`is none: ${text}`, () => assert.throws(() => namedObject(text), /expected Kind\/name/));
});
