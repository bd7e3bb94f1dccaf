import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Application, ApplicationSpec, SyncRequest } from '../../src/model/application.ts';
import type { Change } from '../../src/model/plan.ts';
import { permit } from '../../src/reconcile/permit.ts';
import { applicationNamed } from '../apply/application.ts';
import { configMap, configMapRef } from './stage.ts';
import { desiredMap, manual, noPlan } from './settled.ts';

const desired = desiredMap('a');
const other = desiredMap('b');
const live = configMap('a', { k: 'foreign' });

/** The same body is on record, so whatever differs was changed by somebody else. */
const changes = {
  drift: { kind: 'update', ref: desired.ref, desired, live, differences: [], adopts: false },
  vanished: { kind: 'undecided', ref: desired.ref, desired, question: 'exists', differences: [], adopts: false },
  doubtful: { kind: 'undecided', ref: desired.ref, desired, question: 'equal', live, differences: [], adopts: false },
  commit: { kind: 'update', ref: other.ref, desired: other, live, differences: [], adopts: false },
  new: { kind: 'create', ref: other.ref, desired: other },
  prune: { kind: 'prune', ref: configMapRef('gone'), live },
} as const satisfies Record<string, Change>;
type Name = keyof typeof changes;

const record = [
  { ref: desired.ref, uid: 'u', desired: desired.hash, fp: 'f' },
  { ref: other.ref, uid: 'u', desired: 'an older body', fp: 'f' },
  { ref: configMapRef('gone'), uid: 'u', desired: 'x', fp: 'f' },
];

const automated = { prune: true, selfHeal: true, allowEmpty: false };
const request: SyncRequest = {
  revisions: [],
  prune: false,
  dryRun: false,
  initiatedBy: { username: '', automated: false },
  from: 'operation',
  token: '',
};

interface Setting {
  readonly automated: boolean;
  readonly correction: ApplicationSpec['drift']['correction'];
  readonly explicit?: boolean;
}

function application(setting: Setting): Application {
  const { spec, ...app } = applicationNamed('shop', { automated });
  const drift = { ...spec.drift, correction: setting.correction, explicit: setting.explicit ?? false };
  const automatic = { ...app, record, spec: { ...spec, drift } };
  return setting.automated ? automatic : manual(automatic);
}

function written(app: Application, names: readonly Name[], correcting?: 'goesOn' | 'backsOff'): string[] {
  const plan = { ...noPlan, changes: names.map((name) => changes[name]) };
  const permitted = permit(app, plan, () => correcting).changes;
  return names.filter((_, index) => permitted[index]?.kind !== 'keep');
}

const drifts = ['drift', 'vanished', 'doubtful'] as const;
const fromGit = ['commit', 'new', 'prune'] as const;

const rows: readonly [string, Setting, { alone: readonly Name[]; withCommit: readonly Name[] }][] = [
  [
    'automated, healing',
    { automated: true, correction: 'Immediate' },
    { alone: drifts, withCommit: [...drifts, ...fromGit] },
  ],
  ['automated, on sync', { automated: true, correction: 'OnSync' }, { alone: [], withCommit: [...drifts, ...fromGit] }],
  ['automated, detect only', { automated: true, correction: 'DetectOnly' }, { alone: [], withCommit: fromGit }],
  ['manual', { automated: false, correction: 'OnSync' }, { alone: [], withCommit: [] }],
  ['manual, immediate by derivation', { automated: false, correction: 'Immediate' }, { alone: [], withCommit: [] }],
  [
    'manual, immediate because it says so',
    { automated: false, correction: 'Immediate', explicit: true },
    { alone: drifts, withCommit: drifts },
  ],
  [
    'manual, detect only',
    { automated: false, correction: 'DetectOnly', explicit: true },
    { alone: [], withCommit: [] },
  ],
];

describe('what may be written now', () => {
  for (const [name, setting, { alone, withCommit }] of rows) {
    it(`${name}: ${alone.length === 0 ? 'drift waits' : 'drift is corrected'}`, () => {
      assert.deepEqual(written(application(setting), drifts), alone);
    });
    it(`${name}: with a commit ${withCommit.length === 0 ? 'nothing' : withCommit.join(', ')}`, () => {
      assert.deepEqual(written(application(setting), [...drifts, ...fromGit]), withCommit);
    });
    it(`${name}: everything that a user asks for, and when it is deleted`, () => {
      const app = application(setting);
      assert.deepEqual(written({ ...app, request }, [...drifts, ...fromGit]), [...drifts, ...fromGit]);
      assert.deepEqual(written({ ...app, deleting: true }, [...drifts, ...fromGit]), [...drifts, ...fromGit]);
    });
  }

  it('leaves to the correction lane what it is at work on', () => {
    const app = application({ automated: true, correction: 'Immediate' });
    assert.deepEqual(written(app, [...drifts, ...fromGit], 'goesOn'), fromGit);
  });

  it('leaves what is fought over while its correction waits, and says so; a request of a user does not wait', () => {
    const app = application({ automated: true, correction: 'Immediate' });
    assert.deepEqual(written(app, [...drifts, ...fromGit], 'backsOff'), fromGit);
    const [held] = permit(app, { ...noPlan, changes: [changes.drift] }, () => 'backsOff').changes;
    assert.ok(held?.kind === 'keep');
    assert.deepEqual([held.reason, held.message], ['waitsForSync', 'drifted again and again; its correction waits']);
    assert.deepEqual(written({ ...app, request }, drifts, 'backsOff'), drifts);
  });

  it('says why it waits, and what is missing', () => {
    const app = application({ automated: false, correction: 'OnSync' });
    const plan = { ...noPlan, changes: [changes.vanished, changes.drift, changes.prune] };
    const permitted = permit(app, plan, () => undefined).changes;
    assert.deepEqual(
      permitted.map((change) =>
        change.kind === 'keep' ? [change.reason, change.missing, change.message] : change.kind,
      ),
      [
        ['waitsForSync', true, 'differs from Git; waits for a sync'],
        ['waitsForSync', false, 'differs from Git; waits for a sync'],
        ['waitsForSync', undefined, 'differs from Git; waits for a sync'],
      ],
    );
  });
});
