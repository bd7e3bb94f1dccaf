import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KindWatch } from '../../src/live/kind-watch.ts';
import { deployments, HandClock, HandCluster, served } from './stage.ts';

const ignored = (): void => undefined;

function watchOf(cluster: HandCluster, wakes: string[] = []): KindWatch {
  return new KindWatch('apps/Deployment', deployments, {
    cluster,
    clock: new HandClock(),
    labelSelector: 'evenkeel.dev/part-of',
    needsStatus: () => false,
    listTimeoutMs: 1_000,
    listener: {
      ...{ changed: ignored, deleted: ignored, listed: ignored, relisting: ignored, unseen: ignored },
      ...{ unused: ignored, moved: ignored, wake: (key: string, why: string) => void wakes.push(`${key}: ${why}`) },
    },
  });
}

/** Counts how often somebody goes through it. */
class CountedVersions extends Set<string> {
  walks = 0;

  override [Symbol.iterator](): SetIterator<string> {
    this.walks += 1;
    return super[Symbol.iterator]();
  }
}

describe('the watch of a kind', () => {
  it('goes through the versions of an Application that joins, not through those of the others', () => {
    const cluster = new HandCluster();
    cluster.serve(served('apps/v1', 'Deployment'));
    const watch = watchOf(cluster);
    const versions = new CountedVersions(['apps/v1']);
    for (let number = 0; number < 100; number += 1) watch.join(`ns/app-${number}`, versions);
    assert.ok(versions.walks <= 2 * 100, `${versions.walks} walks for 100 Applications`);
    for (let number = 0; number < 100; number += 1) watch.join(`ns/app-${number}`, versions);
    assert.ok(versions.walks <= 6 * 100, `${versions.walks} walks after everyone joined anew`);
  });

  it('wakes for a version that arrives only who still asks for it', () => {
    const cluster = new HandCluster();
    cluster.serve(served('apps/v1', 'Deployment'));
    const wakes: string[] = [];
    const watch = watchOf(cluster, wakes);
    watch.join('ns/one', new Set(['apps/v2']));
    watch.join('ns/two', new Set(['apps/v2']));
    watch.join('ns/three', new Set(['apps/v2']));
    watch.join('ns/two', new Set(['apps/v1']));
    watch.leave('ns/three');
    wakes.length = 0;
    cluster.serve(served('apps/v2', 'Deployment'));
    watch.reconsider();
    assert.deepEqual(wakes, ['ns/one: apps/Deployment is served as apps/v2 now']);
  });
});
