import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createJq } from '../../src/jq/jq.ts';
import { realClock } from '../fakes/clock.ts';

const jq = createJq(realClock);

after(() => jq[Symbol.asyncDispose]());

const pods = { spec: { containers: [{ name: 'web', image: 'web:1' }, { name: 'mesh' }] } };

test('an expression points at places in each document, also where it selects', async () => {
  const answer = await jq.pathsIn('.spec.containers[] | select(.name == "mesh") # the sidecar', [pods, { spec: {} }]);
  assert.deepEqual(answer, { kind: 'paths', paths: [[['spec', 'containers', 1]], []] });
});

test('on a document of another shape an expression points nowhere', async () => {
  const answer = await jq.pathsIn('.spec.containers[].name', [{ spec: { containers: 7 } }, pods]);
  assert.deepEqual(answer, {
    kind: 'paths',
    paths: [
      [],
      [
        ['spec', 'containers', 0, 'name'],
        ['spec', 'containers', 1, 'name'],
      ],
    ],
  });
});

for (const [expression, why] of [
  ['.spec | foo', 'foo/0 is not defined'],
  ['.spec..', "syntax error, unexpected .., expecting ';' or ')'"],
  ['1 + 1', 'it computes values where it should name places'],
  ['.spec.containers[1:]', 'slices and indexes from the end are no places'],
] as const) {
  test(`${expression} cannot be used: ${why}`, async () => {
    assert.deepEqual(await jq.pathsIn(expression, [pods]), { kind: 'invalid', message: why });
  });
}

test('an expression without an end is ended, and the next one is answered', async () => {
  const endless = await jq.pathsIn('def f: f; f', [pods]);
  assert.deepEqual(endless, { kind: 'failed', message: 'it takes longer than 1 s' });
  assert.equal((await jq.pathsIn('.spec', [pods])).kind, 'paths');
});

test('more expressions than the stack of jq holds, on a document as large as a definition', async () => {
  const large = {
    data: Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`k${index}`, 'v'.repeat(80)])),
  };
  for (let index = 0; index < 400; index++) {
    const answer = await jq.pathsIn(`.data.k${index}`, [index % 100 === 0 ? large : { data: {} }]);
    assert.deepEqual(answer, { kind: 'paths', paths: [[['data', `k${index}`]]] });
  }
});
