import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refOf } from '../../src/model/object.ts';
import type { ServedKind } from '../../src/kube/cluster.ts';
import type { ObjectState, Stage } from './stage.ts';
import { at, configMaps, deployments, objectOf, recordOf, setStage, stateOf } from './stage.ts';

interface Row {
  readonly name: string;
  readonly kind?: ServedKind;
  /** The states that the watch shows one after the other, after the recorded one. */
  readonly events: readonly (Partial<ObjectState> | 'gone')[];
  readonly told: readonly string[];
  readonly reclaimFrom?: readonly string[];
}

const scaled = { resourceVersion: 11, generation: 2, ours: ['image'] };
const kubectl = { manager: 'kubectl-edit', time: at(5) };
const kubelet = { manager: 'kubelet', time: at(5), subresource: 'status' };

const rows: readonly Row[] = [
  { name: 'a field of ours was taken', events: [scaled], told: ['fingerprint Deployment web'] },
  {
    name: 'the same state is told once',
    events: [scaled, { ...scaled, resourceVersion: 12 }],
    told: ['fingerprint Deployment web'],
  },
  {
    name: 'another value on top of a drift that stands is told again',
    events: [scaled, { ...scaled, resourceVersion: 12, generation: 3 }],
    told: ['fingerprint Deployment web', 'fingerprint Deployment web'],
  },
  {
    name: 'our entry was wiped',
    events: [{ resourceVersion: 11, ours: undefined }],
    told: ['fingerprint Deployment web'],
  },
  {
    name: 'somebody applied under our name',
    events: [{ resourceVersion: 11, oursAt: at(9) }],
    told: ['entryTime Deployment web'],
  },
  {
    name: 'the spec moved and our entry did not',
    events: [{ resourceVersion: 11, generation: 2 }],
    told: ['generation Deployment web'],
  },
  {
    name: 'status writes are nothing',
    events: [{ resourceVersion: 11, others: [kubelet] }, { resourceVersion: 12 }],
    told: [],
  },
  {
    name: 'a foreign annotation on a kind with generation is nothing',
    events: [{ resourceVersion: 11, others: [kubectl] }],
    told: [],
  },
  {
    name: 'of somebody whose additions are reclaimed it is something, once for each write',
    events: [
      { resourceVersion: 11, others: [kubectl] },
      { resourceVersion: 12, others: [kubectl] },
      { resourceVersion: 13, others: [{ ...kubectl, time: at(6) }] },
    ],
    told: ['foreignEntry Deployment web', 'foreignEntry Deployment web'],
    reclaimFrom: ['kubectl-.*'],
  },
  {
    name: 'of others it is nothing, whose additions ever are reclaimed',
    events: [{ resourceVersion: 11, others: [kubectl] }],
    told: [],
    reclaimFrom: ['k9s', 'kubectl'],
  },
  {
    name: 'a foreign entry on a kind without generation',
    kind: configMaps,
    events: [{ resourceVersion: 11, others: [kubectl] }],
    told: ['foreignEntry ConfigMap web'],
  },
  {
    name: 'a foreign entry with a new time',
    kind: configMaps,
    events: [
      { resourceVersion: 11, others: [kubectl] },
      { resourceVersion: 12, others: [{ ...kubectl, time: at(6) }] },
    ],
    told: ['foreignEntry ConfigMap web', 'foreignEntry ConfigMap web'],
  },
  {
    name: 'a subresource explains a resourceVersion that moved',
    kind: configMaps,
    events: [{ resourceVersion: 11, others: [kubelet] }],
    told: [],
  },
  {
    name: 'nothing explains a resourceVersion that moved',
    kind: configMaps,
    events: [{ resourceVersion: 11 }, { resourceVersion: 12 }],
    told: ['unverifiable ConfigMap web', 'unverifiable ConfigMap web'],
  },
  { name: 'deleted, or its label removed', events: ['gone'], told: ['left Deployment web'] },
  {
    name: 'deleted and created again',
    events: ['gone', { uid: 'u2', resourceVersion: 12, ours: undefined }],
    told: ['left Deployment web', 'recreated Deployment web'],
  },
  { name: 'being deleted', events: [{ resourceVersion: 11, generation: 2, deleting: true }], told: [] },
  {
    name: 'being deleted, then gone',
    events: [{ resourceVersion: 11, generation: 2, deleting: true }, 'gone'],
    told: ['left Deployment web'],
  },
];

function play(stage: Stage, kind: ServedKind, events: Row['events']): void {
  let state = stateOf({ kind });
  for (const event of events) {
    if (event === 'gone') {
      stage.reflector(kind).deleted(objectOf({ ...state, resourceVersion: state.resourceVersion + 1 }));
      continue;
    }
    state = stateOf({ kind, ...event });
    stage.reflector(kind).changed(objectOf(state));
  }
}

describe('what the watch shows of a recorded object', () => {
  for (const { name, kind = deployments, events, told, reclaimFrom } of rows) {
    it(name, () => {
      using stage = setStage();
      const object = objectOf(stateOf({ kind }));
      stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [], reclaimFrom });
      stage.reflector(kind).synced(object);
      assert.deepEqual(stage.told(), []);
      play(stage, kind, events);
      assert.deepEqual(stage.told(), told);
    });
  }
});

describe('what happened while nobody watched', () => {
  it('is told when the list is complete, not before', () => {
    using stage = setStage();
    const record = [recordOf(objectOf(stateOf()))];
    stage.live.declare('ns/app', { record, kinds: [] });
    stage.reflector(deployments).changed(objectOf(stateOf(scaled)));
    assert.deepEqual(stage.told(), []);
    stage.reflector(deployments).synced();
    assert.deepEqual(stage.told(), ['fingerprint Deployment web']);
  });

  it('is told of what changed while the list was coming', () => {
    using stage = setStage();
    const object = objectOf(stateOf());
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [] });
    stage.reflector(deployments).changed(object);
    stage.reflector(deployments).changed(objectOf(stateOf({ generation: 2, resourceVersion: 11 })));
    assert.deepEqual(stage.told(), []);
    stage.reflector(deployments).synced();
    assert.deepEqual(stage.told(), ['generation Deployment web']);
  });

  it('is told of what the list lacks, with what the record says of it', () => {
    using stage = setStage();
    const object = objectOf(stateOf());
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [] });
    stage.reflector(deployments).synced();
    const [suspect] = stage.suspects;
    assert.equal(suspect?.why, 'left');
    assert.equal(suspect.key, 'ns/app');
    assert.equal(suspect.observation.uid, 'u1');
  });

  it('says nothing of a claim: nobody knows whether it was created', () => {
    using stage = setStage();
    const { ref } = recordOf(objectOf(stateOf()));
    stage.live.declare('ns/app', { record: [{ ref, uid: '', desired: '', fp: '' }], kinds: [] });
    stage.reflector(deployments).synced();
    assert.deepEqual(stage.told(), []);
  });

  it('takes the generation found as verified when the fingerprint is the recorded one', () => {
    using stage = setStage();
    const record = [recordOf(objectOf(stateOf()))];
    stage.live.declare('ns/app', { record, kinds: [] });
    stage.reflector(deployments).synced(objectOf(stateOf({ generation: 7 })));
    stage.reflector(deployments).changed(objectOf(stateOf({ generation: 7, resourceVersion: 12 })));
    assert.deepEqual(stage.told(), []);
    stage.reflector(deployments).changed(objectOf(stateOf({ generation: 8, resourceVersion: 13 })));
    assert.deepEqual(stage.told(), ['generation Deployment web']);
  });

  it('is told of an Application that is declared after the list', () => {
    using stage = setStage();
    stage.live.declare('ns/other', { record: [], kinds: [deployments] });
    stage.reflector(deployments).synced(objectOf(stateOf(scaled)));
    stage.live.declare('ns/app', { record: [recordOf(objectOf(stateOf()))], kinds: [] });
    assert.deepEqual(stage.told(), ['fingerprint Deployment web']);
  });

  it('is told after a broken watch, too', () => {
    using stage = setStage();
    const object = objectOf(stateOf());
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [] });
    stage.reflector(deployments).synced(object);
    stage.reflector(deployments).interrupted('cut');
    stage.reflector(deployments).deleted(object);
    stage.reflector(deployments).synced();
    assert.deepEqual(stage.told(), ['left Deployment web']);
  });
});

describe('objects on nobody’s record', () => {
  it('are no suspects, and unexplained only when they name themselves and the Application', () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [], kinds: [deployments] });
    const own = objectOf(stateOf({ name: 'own' }));
    const copy = objectOf(stateOf({ name: 'copy', trackingId: 'ns_app:/Service:ns/web' }));
    const misled = objectOf(stateOf({ name: 'misled', trackingId: 'ns_other:apps/Deployment:ns/misled' }));
    stage.reflector(deployments).synced(own, copy, misled);
    stage.reflector(deployments).changed(objectOf(stateOf({ name: 'own', ours: [], resourceVersion: 11 })));
    assert.deepEqual(stage.told(), []);
    assert.deepEqual(stage.live.unexplained('ns/app'), [refOf(own)]);
    assert.equal(stage.live.observation(refOf(copy)), undefined);
  });

  it('are unexplained as long as they are there and not on record', () => {
    using stage = setStage();
    const object = objectOf(stateOf());
    stage.live.declare('ns/app', { record: [], kinds: [deployments] });
    stage.reflector(deployments).synced(object);
    assert.equal(stage.live.unexplained('ns/app').length, 1);
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
    assert.equal(stage.live.unexplained('ns/app').length, 0);
    stage.live.declare('ns/app', { record: [], kinds: [deployments] });
    assert.equal(stage.live.unexplained('ns/app').length, 1);
    stage.reflector(deployments).deleted(object);
    assert.equal(stage.live.unexplained('ns/app').length, 0);
    assert.equal(stage.live.status().objects, 0);
    assert.deepEqual(stage.told(), []);
  });
});

describe('records', () => {
  it('that lag do not undo what our writes let us expect', () => {
    using stage = setStage();
    const old = objectOf(stateOf());
    stage.live.declare('ns/app', { record: [recordOf(old)], kinds: [] });
    stage.reflector(deployments).synced(old);
    const answer = objectOf(stateOf({ resourceVersion: 11, oursAt: at(7), ours: ['image'] }));
    const write = stage.live.writes.begin(refOf(old));
    write.answered(answer, 'd2');
    write.end();
    stage.live.declare('ns/app', { record: [recordOf(old)], kinds: [] });
    stage.reflector(deployments).changed(answer);
    assert.deepEqual(stage.told(), []);
  });

  it('of two Applications may name one object: who is left takes it over', () => {
    using stage = setStage();
    const object = objectOf(stateOf());
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [] });
    stage.live.declare('ns/other', { record: [recordOf(object)], kinds: [] });
    stage.reflector(deployments).synced(object);
    stage.live.undeclare('ns/app');
    stage.reflector(deployments).changed(objectOf(stateOf(scaled)));
    assert.deepEqual(
      stage.suspects.map(({ key, why }) => `${key} ${why}`),
      ['ns/other fingerprint'],
    );
  });

  it('that drop an object end what is expected of it', () => {
    using stage = setStage();
    const object = objectOf(stateOf());
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [] });
    stage.reflector(deployments).synced(object);
    stage.live.declare('ns/app', { record: [], kinds: [deployments] });
    stage.reflector(deployments).deleted(object);
    assert.deepEqual(stage.told(), []);
  });
});

describe('verifies', () => {
  it('are limited in rate per object: put off and merged, never lost', () => {
    using stage = setStage({ verifyBurst: 2, verifyIntervalMs: 1_000 });
    const object = objectOf(stateOf());
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [] });
    stage.reflector(deployments).synced(object);
    for (let n = 2; n <= 6; n++)
      stage.reflector(deployments).changed(objectOf(stateOf({ generation: n, resourceVersion: 10 + n })));
    assert.equal(stage.told().length, 2);
    stage.clock.advance(1_000);
    assert.deepEqual(
      stage.suspects.map(({ observation }) => observation.generation),
      [6],
    );
  });

  it('end by the answer, so that a policy that stamps every write makes no loop', () => {
    using stage = setStage();
    const object = objectOf(stateOf());
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [] });
    stage.reflector(deployments).synced(object);
    stage.reflector(deployments).changed(objectOf(stateOf({ generation: 2, resourceVersion: 11 })));
    assert.deepEqual(stage.told(), ['generation Deployment web']);
    const stamped = objectOf(stateOf({ generation: 3, resourceVersion: 12 }));
    const verify = stage.live.writes.begin(refOf(object));
    stage.reflector(deployments).changed(stamped);
    verify.answered(stamped, 'd1');
    verify.end();
    stage.reflector(deployments).changed(objectOf(stateOf({ generation: 3, resourceVersion: 13 })));
    assert.deepEqual(stage.told(), []);
  });
});
