import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Claims, type Groups } from '../../src/reconcile/claims.ts';
import { configMapRef } from './stage.ts';

const [a, b] = [configMapRef('a'), configMapRef('b')];

const at = (revision: string | undefined, group = 'shop main'): Groups => new Map([[group, revision]]);

interface World {
  readonly claims: Claims;
  readonly woken: string[];
}

/** `left` had `a` and dropped it at r2; what `right` says is up to the test. */
function world(): World {
  const woken: string[] = [];
  const claims = new Claims((keys) => woken.push(...keys));
  claims.recorded('left', [{ ref: a, uid: 'u', desired: '' }]);
  claims.recorded('right', [{ ref: b, uid: 'v', desired: '' }]);
  claims.rendered({ key: 'left', groups: at('r2'), refs: [] });
  return { claims, woken };
}

const keptFor = ({ claims }: World, revision = 'r2'): string | undefined =>
  claims.view('left', at(revision)).keptFor(a);

describe('what Git dropped from one Application', () => {
  const rows: readonly [string, (world: World) => void, string | undefined][] = [
    ['waits for one that was not rendered since start', () => undefined, 'right'],
    [
      'waits for one of its group at another commit',
      ({ claims }) => claims.rendered({ key: 'right', groups: at('r1'), refs: [] }),
      'right',
    ],
    [
      'waits for one that shares one of its sources at another commit',
      ({ claims }) => claims.rendered({ key: 'right', groups: new Map([...at('r9', 'x'), ...at('r1')]), refs: [] }),
      'right',
    ],
    [
      'goes when one of several sources is at the same commit and the others are of other repositories',
      ({ claims }) => claims.rendered({ key: 'right', groups: new Map([...at('r9', 'x'), ...at('r2')]), refs: [] }),
      undefined,
    ],
    [
      'goes when the other does not want it',
      ({ claims }) => claims.rendered({ key: 'right', groups: at('r2'), refs: [b] }),
      undefined,
    ],
    [
      'stays when the other wants it',
      ({ claims }) => claims.rendered({ key: 'right', groups: at('r2'), refs: [a, b] }),
      'right',
    ],
    [
      'stays when one of another group wants it',
      ({ claims }) => claims.rendered({ key: 'right', groups: at('r9', 'x'), refs: [a] }),
      'right',
    ],
    [
      'goes when one of another group at another commit does not',
      ({ claims }) => claims.rendered({ key: 'right', groups: at('r9', 'x'), refs: [] }),
      undefined,
    ],
    ['goes when the other fails and never wanted or had it', ({ claims }) => claims.notRendered('right'), undefined],
    [
      'stays when the other fails and has it on record',
      ({ claims }) => {
        claims.recorded('right', [{ ref: a, uid: '', desired: '' }]);
        claims.notRendered('right');
      },
      'right',
    ],
    [
      'stays when the other fails and wanted it before',
      ({ claims }) => {
        claims.rendered({ key: 'right', groups: at('r1'), refs: [a] });
        claims.notRendered('right');
      },
      'right',
    ],
    [
      'waits for one of its group that is expected to work soon',
      ({ claims }) => claims.notRendered('right', at(undefined)),
      'right',
    ],
    ['goes when the other is deleted', ({ claims }) => claims.forget('right'), undefined],
  ];
  for (const [name, happens, expected] of rows) {
    it(name, () => {
      const one = world();
      happens(one);
      assert.equal(keptFor(one), expected);
    });
  }

  it('waits for one of another group until that was rendered, or failed, at the newest revision of its own', () => {
    const woken: string[] = [];
    let newest = 'q1';
    const remotes = { newestRevision: () => newest, isOutOfSight: () => false };
    const claims = new Claims((keys) => woken.push(...keys), remotes);
    claims.recorded('left', [{ ref: a, uid: 'u', desired: '' }]);
    claims.recorded('right', []);
    const kept = (): string | undefined => claims.view('left', at('r2')).keptFor(a);
    const end = {
      rendered: () => claims.rendered({ key: 'right', groups: at(newest, 'x'), refs: [] }),
      failed: () => claims.notRendered('right'),
    };
    for (const how of ['rendered', 'failed', 'failed', 'rendered'] as const) {
      claims.rendering('right');
      end[how]();
      assert.equal(kept(), undefined);
      newest += '+';
      assert.equal(kept(), 'right', 'its remote has another one');
      claims.rendering('right');
      assert.equal(kept(), 'right', 'it is being rendered');
      woken.length = 0;
      end[how]();
      assert.deepEqual([woken, kept()], [['left'], undefined], how);
    }
  });

  it('waits for one whose remote cannot be looked at, and is looked at again when that can be', () => {
    const woken: string[] = [];
    const outOfSight = new Set<string>();
    const remotes = { newestRevision: () => 'q1', isOutOfSight: (key: string) => outOfSight.has(key) };
    const claims = new Claims((keys) => woken.push(...keys), remotes);
    claims.recorded('left', [{ ref: a, uid: 'u', desired: '' }]);
    claims.recorded('right', [{ ref: b, uid: 'v', desired: '' }]);
    claims.recorded('misspelt', []);
    claims.rendering('misspelt');
    claims.notRendered('misspelt');
    const kept = (): string | undefined => claims.view('left', at('r2')).keptFor(a);
    const look = (): void => {
      claims.rendering('right');
      claims.rendered({ key: 'right', groups: at('q1', 'x'), refs: [] });
    };
    look();
    assert.equal(kept(), undefined);
    outOfSight.add('left');
    outOfSight.add('misspelt');
    assert.equal(kept(), undefined, 'its own remote is no matter, nor is one that never was there');
    outOfSight.add('right');
    assert.equal(kept(), 'right');
    claims.notRendered('right');
    assert.equal(kept(), 'right');
    outOfSight.delete('right');
    woken.length = 0;
    look();
    assert.deepEqual([woken, kept()], [['left'], undefined]);
  });

  it('is looked at again when the other was rendered, failed, went, or has written it, and only then', () => {
    const one = world();
    const { claims, woken } = one;
    keptFor(one);
    claims.rendered({ key: 'right', groups: at('r2'), refs: [a] });
    assert.deepEqual(woken.splice(0), ['left']);
    claims.rendered({ key: 'right', groups: at('r2'), refs: [a] });
    keptFor(one);
    claims.rendered({ key: 'right', groups: at('r2'), refs: [a] });
    claims.recorded('right', [{ ref: b, uid: 'w', desired: '' }]);
    assert.deepEqual(woken, [], 'the same again, and another ref, are no news');
    claims.recorded('right', [{ ref: a, uid: 'u', desired: '' }]);
    assert.deepEqual(woken.splice(0), ['left']);
    assert.equal(claims.view('left', at('r2')).recordedBy(a), 'right', 'it was passed on');
    keptFor(one);
    claims.notRendered('right');
    assert.deepEqual(woken.splice(0), ['left']);
    keptFor(one);
    claims.forget('right');
    assert.deepEqual(woken.splice(0), ['left']);
    claims.forget('another');
    assert.deepEqual(woken, []);
  });

  it('two that wait for each other do not wake each other for ever', () => {
    const woken: string[] = [];
    const claims = new Claims((keys) => woken.push(...keys));
    for (const key of ['left', 'right']) claims.recorded(key, []);
    const run = (key: string, revision: string): void => {
      claims.rendered({ key, groups: at(revision), refs: [] });
      claims.view(key, at(revision)).keptFor(a);
    };
    run('left', 'r1');
    run('right', 'r2');
    woken.length = 0;
    run('left', 'r1');
    run('right', 'r2');
    assert.deepEqual(woken, []);
  });
});

it('objects of all records are counted by namespace', () => {
  const { claims } = world();
  const counts = (): number[] => [claims.recordedIn(a.namespace), claims.recordedIn('elsewhere')];
  assert.deepEqual(counts(), [2, 0]);
  claims.recorded('right', [
    { ref: a, uid: '', desired: '' },
    { ref: { ...b, namespace: 'elsewhere' }, uid: 'v', desired: '' },
  ]);
  assert.deepEqual(counts(), [2, 1]);
  claims.forget('left');
  claims.forget('right');
  assert.deepEqual(counts(), [0, 0]);
});

describe('of two that desire an object', () => {
  it('the one that has its uid on record is named, as long as it wants it or cannot say', () => {
    const { claims } = world();
    const recordedBy = (): string | undefined => claims.view('right', at('r2')).recordedBy(a);
    assert.equal(recordedBy(), undefined, 'left has dropped it');
    claims.rendered({ key: 'left', groups: at('r2'), refs: [a] });
    assert.equal(recordedBy(), 'left');
    claims.rendered({ key: 'left', groups: at('r3'), refs: [] });
    assert.equal(recordedBy(), undefined);
    claims.notRendered('left');
    assert.equal(recordedBy(), 'left');
    claims.recorded('left', [{ ref: a, uid: '', desired: '' }]);
    assert.equal(recordedBy(), undefined, 'a claim is not an object');
    claims.recorded('left', [{ ref: a, uid: '', desired: 'h' }]);
    assert.equal(recordedBy(), 'left', 'but what is created anew stays with whom it was with');
  });

  it('nobody claims anything against itself', () => {
    const { claims } = world();
    claims.rendered({ key: 'left', groups: at('r2'), refs: [a] });
    const view = claims.view('left', at('r2'));
    assert.deepEqual([view.claimedBy(a), view.recordedBy(a)], [undefined, undefined]);
  });
});
