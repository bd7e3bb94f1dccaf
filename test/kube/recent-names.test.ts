import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ServedKind } from '../../src/kube/cluster.ts';
import { RecentNames } from '../../src/kube/recent-names.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { ManualClock } from '../fakes/clock.ts';

const verbs = ['list'];
const configMaps: ServedKind = {
  ...{ group: '', kind: 'ConfigMap', apiVersion: 'v1', resource: 'configmaps', namespaced: true, verbs },
};

/** A server with these pages in every namespace. */
function start(pages: readonly (readonly string[])[]) {
  const listed: string[] = [];
  const clock = new ManualClock();
  const server = { error: undefined as ApiError | undefined };
  const { signal: closed } = new AbortController();
  const names = new RecentNames({
    clock,
    closed,
    list: async function* ({ apiVersion, kind }, { namespace = '', metadataOnly }) {
      assert.equal(metadataOnly, true);
      for (const [number, page] of pages.entries()) {
        await Promise.resolve();
        listed.push(`${namespace} ${number}`);
        if (server.error !== undefined) throw server.error;
        yield {
          resourceVersion: '5',
          items: page.map((name) => ({ apiVersion, kind, metadata: { name, namespace } })),
        };
      }
    },
  });
  const ask = async (asked: number, namespace = 'shop'): Promise<string[] | undefined> => {
    const found = await names.namesIn(configMaps, namespace, asked);
    return found === undefined ? undefined : [...found];
  };
  return { listed, clock, server, ask };
}

describe('names of what is in a namespace', () => {
  test('one list for all who ask at the same time, or a moment later', async () => {
    const { ask, clock, listed } = start([['a', 'b']]);
    assert.deepEqual(await Promise.all([ask(2), ask(1), ask(3)]), Array(3).fill(['a', 'b']));
    await clock.advance(4_000);
    assert.deepEqual(await ask(1), ['a', 'b']);
    assert.deepEqual(listed, ['shop 0']);
  });

  test('a single object is not worth a list; a second one is, whoever asks', async () => {
    const { ask, listed } = start([['a']]);
    assert.equal(await ask(1), undefined);
    assert.deepEqual(listed, []);
    assert.deepEqual(await ask(1), ['a']);
    assert.equal(await ask(1, 'other'), undefined);
    assert.deepEqual(listed, ['shop 0']);
  });

  test('a list that takes more requests than it saves is given up, and not begun again for a while', async () => {
    const { ask, clock, listed } = start([['a'], ['b'], ['c'], ['d']]);
    assert.equal(await ask(2), undefined);
    assert.equal(await ask(50), undefined);
    assert.deepEqual(listed, ['shop 0', 'shop 1', 'shop 2']);
    await clock.advance(6_000);
    assert.deepEqual(await ask(4), ['a', 'b', 'c', 'd']);
  });

  test('what was listed is forgotten', async () => {
    const { ask, clock, listed } = start([['a']]);
    await ask(2);
    await clock.advance(6_000);
    assert.equal(clock.pending, 0);
    assert.equal(await ask(1), undefined);
    assert.equal(listed.length, 1);
  });

  test('who may not list is not told, and the server not asked again at once', async () => {
    const { ask, server, listed } = start([['a']]);
    server.error = new ApiError('no', { kind: 'forbidden', status: 403 });
    assert.deepEqual([await ask(2), await ask(2)], [undefined, undefined]);
    assert.equal(listed.length, 1);
  });
});
