import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../tools/temporary-folder.ts';
import type { World } from '../../tools/world.ts';
import { isWrite, startWorld } from '../../tools/world.ts';
import { begin, manual, prepare } from '../cluster/support/journey.ts';
import type { Run } from './run.ts';
import { runIn, workingTree } from './run.ts';

let world: World;
let folder: TemporaryFolder;
/** Of a user who may do everything. */
let admin: string;

before(async () => {
  folder = await createTemporaryFolder('commands');
  world = await startWorld();
  await world.startOperator();
  admin = await world.plane.userKubeconfig('jo', ['system:masters']);
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const timeout = 120_000;

function run(...args: readonly string[]): Promise<Run> {
  return runAs(admin, ...args);
}

function runAs(kubeconfig: string, ...args: readonly string[]): Promise<Run> {
  return runIn({ folder: folder.path, kubeconfig }, args);
}

/** What `user` wrote since the last `forgetRequests`; trying out and asking for permissions is none. */
async function writesOf(user: string): Promise<string[]> {
  const requests = await world.plane.requests(user);
  return requests
    .filter((one) => isWrite(one) && !/dryRun=|accessreviews/.test(one.uri))
    .map(({ method, uri }) => `${method} ${uri}`);
}

const configMap = (name: string, value: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } });

describe('plan and diff', () => {
  test('say what a sync would do: 0 nothing, 2 changes, and write nothing', { timeout }, async () => {
    const journey = await begin(world, 'planned');
    await journey.untilSynced();
    await world.plane.forgetRequests();
    const settled = await run('plan', 'planned');
    assert.deepEqual([settled.code, settled.out], [0, '1 unchanged\n'], settled.complaints);

    const tree = await workingTree(folder.path, 'planned', {
      'settings.json': configMap('settings', 'two'),
      'b.json': configMap('b', 'new'),
    });
    const planned = await run('plan', 'planned', '--local', tree);
    assert.deepEqual(
      [planned.code, planned.out.split('\n')],
      [
        2,
        [
          'CHANGE  OBJECT                      WHAT                   OWNED BY',
          'create  ConfigMap planned/b',
          'update  ConfigMap planned/settings  data.value: one → two',
          '',
          '1 to create, 1 to update',
          '',
        ],
      ],
      planned.complaints,
    );
    const one = await run('diff', 'planned', 'ConfigMap/settings', '--local', tree);
    assert.equal(one.code, 2, one.complaints);
    assert.match(one.out, /^--- live\/ConfigMap\/planned\/settings\n[^]*\n-  value: one\n\+  value: two\n/);
    assert.doesNotMatch(one.out, /ConfigMap\/planned\/b/);
    const quiet = await run('diff', 'planned', '--local', tree, '--exit-code=false');
    assert.equal(quiet.code, 0);
    assert.match(quiet.out, /\+\+\+ planned\/ConfigMap\/planned\/b\n/);
    assert.deepEqual(await writesOf('jo'), []);
  });
});

describe('plan', () => {
  test('shows hooks, and plans the revision that is held', { timeout }, async () => {
    const annotations = { 'evenkeel.dev/hook': 'PreSync' };
    const hook = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'before', annotations } });
    const settings = configMap('settings', 'one');
    const journey = await prepare(world, 'plan-held', { 'settings.json': settings, 'hook.json': hook });
    await journey.apply();
    const first = await journey.repository.head();
    await journey.untilSynced(first);
    await world.plane.forgetRequests();
    const planned = await run('plan', 'plan-held');
    assert.equal(planned.code, 0, planned.complaints);
    assert.match(
      planned.out,
      /\nrun +ConfigMap plan-held\/before +PreSync hook: what an earlier run left [^]*\n1 unchanged, 1 hook to run\n$/,
    );

    await journey.annotate({ 'evenkeel.dev/hold': first });
    await journey.say('two');
    const held = await run('plan', 'plan-held');
    assert.deepEqual([held.code, held.out], [0, planned.out], held.complaints);
    assert.ok(held.complaints.startsWith(`held at ${first} (`), held.complaints);
    const newest = await run('plan', 'plan-held', '--revision', 'main');
    assert.deepEqual([newest.code, newest.complaints], [2, '']);
    assert.match(newest.out, /data\.value: one → two/);
    assert.deepEqual(await writesOf('jo'), []);
  });
});

describe('plan of a deletion', () => {
  test('shows its hooks, and what goes', { timeout }, async () => {
    const hook = (name: string, phase: string, more: object): string =>
      JSON.stringify({ metadata: { name, annotations: { 'evenkeel.dev/hook': phase } }, ...more });
    const pod = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'drain:1' }] };
    const journey = await prepare(world, 'plan-deletion', {
      'settings.json': configMap('settings', 'one'),
      'pre.json': hook('drain', 'PreDelete', {
        apiVersion: 'batch/v1',
        kind: 'Job',
        spec: { template: { spec: pod } },
      }),
      'post.json': hook('farewell', 'PostDelete', { apiVersion: 'v1', kind: 'ConfigMap' }),
    });
    await journey.apply({ metadata: { finalizers: ['evenkeel.dev/resources-finalizer'] } });
    await journey.untilSynced();
    await world.plane.kubectl(['delete', 'applications.evenkeel.dev', journey.name, '-n', 'evenkeel', '--wait=false']);
    await world.plane.kubectl(['wait', '--for=create', 'job/drain', '-n', journey.name, '--timeout=60s']);
    await world.plane.forgetRequests();
    const planned = await run('plan', journey.name);
    assert.deepEqual([planned.code, await writesOf('jo')], [2, []], planned.complaints);
    assert.match(
      planned.out,
      /\ndelete +ConfigMap \S+\/settings\nkeep +Job\.batch \S+\/drain +PreDelete hook.*\nrun +ConfigMap \S+\/farewell +PostDelete hook/,
    );
  });
});

describe('sync, terminate, rollback and release', () => {
  test('sync asks in the name of the user, and --wait follows to the end', { timeout }, async () => {
    const journey = await prepare(world, 'asked');
    await journey.apply({ spec: manual });
    await journey.until('compared', ({ sync }) => sync?.status === 'OutOfSync');
    const dry = await run('sync', 'asked', '--dry-run', '--wait');
    assert.deepEqual([dry.code, await journey.said()], [0, undefined], dry.complaints);
    assert.match(dry.out, /Succeeded: dry run: nothing was written\n/);

    const synced = await run('sync', 'asked', '--wait');
    assert.equal(synced.code, 0, synced.complaints);
    assert.match(synced.out, /^Application evenkeel\/asked: asked\n[^]*Succeeded: successfully synced\n/);
    assert.match(synced.out, /\nRESULT +OBJECT +MESSAGE\nSynced +ConfigMap asked\/settings/);
    const { status } = await journey.read();
    assert.deepEqual([await journey.said(), status?.health?.status], ['one', 'Healthy']);
    assert.deepEqual(status?.operationState?.operation['initiatedBy'], { username: 'default', automated: false });

    const older = await journey.repository.head();
    await journey.untilOutOfSync(await journey.say('two'));
    await journey.sync();
    await journey.untilSaid('two');
    await journey.untilServed();
    const back = await run(
      'sync',
      'asked',
      '--revision',
      older,
      '--resource',
      'ConfigMap/settings',
      '--wait',
      '-o',
      'json',
    );
    assert.equal(back.code, 0, back.complaints);
    const { operation } = JSON.parse(back.out) as { operation: { operation: Record<string, unknown>; phase: string } };
    const resources = [{ group: '', kind: 'ConfigMap', name: 'settings' }];
    assert.deepEqual(
      [operation.phase, operation.operation['sync'], await journey.said()],
      ['Succeeded', { revision: older, prune: false, dryRun: false, resources }, 'one'],
    );
  });

  test('a sync that fails is 1, with what the operator says', { timeout }, async () => {
    const broken = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'Not_A_Name' } };
    const journey = await prepare(world, 'refused', { 'broken.json': JSON.stringify(broken) });
    await journey.apply({ spec: manual });
    const { code, complaints } = await run('sync', 'refused', '--wait');
    assert.equal(code, 1);
    assert.match(complaints, /^error: Application evenkeel\/refused: .*Not_A_Name/);
    const late = await run('sync', 'refused', '--wait', '--timeout', 'soon');
    assert.deepEqual(
      [late.code, late.complaints],
      [1, 'error: --timeout soon: expected a duration like 90s, 10m or 1h\n'],
    );
  });

  test('what stands is not written over, but by terminate; the history is shown', { timeout }, async () => {
    const journey = await begin(world, 'standing');
    await journey.untilSynced();
    const none = await run('terminate', 'standing');
    assert.deepEqual(
      [none.code, none.complaints],
      [1, 'error: Application evenkeel/standing has no operation that could be ended\n'],
    );
    await journey.apply({ spec: { suspend: { reason: 'test' } } });
    assert.equal((await run('rollback', 'standing', '--to', '0', '--accept-digest', 'abc')).code, 0);
    const { operation } = await journey.read();
    assert.deepEqual(
      [operation?.['rollback'], operation?.['initiatedBy']],
      [{ id: 0, acceptDigest: 'abc' }, { username: 'default' }],
    );
    const second = await run('sync', 'standing');
    assert.equal(second.code, 1);
    assert.match(second.complaints, /has an operation already: rollback, asked for by default; terminate ends it/);
    const ended = await run('terminate', 'standing');
    assert.deepEqual([ended.code, ended.out], [0, 'Application evenkeel/standing: asked to end\n'], ended.complaints);

    const history = await run('rollback', 'standing');
    assert.match(history.out, /^ID +REVISION +DEPLOYED +HEALTHY +SUBJECT\n0 +[0-9a-f]{40} .* change\n$/);
    const wrong = await run('rollback', 'standing', '--to', '7');
    assert.deepEqual([wrong.code, wrong.complaints], [1, 'error: the history has no 7; it has 0\n']);
  });

  test('release lifts a hold in whatever spelling', { timeout }, async () => {
    const journey = await begin(world, 'held');
    await journey.annotate({ 'evenkeel.dev/hold': 'abc' });
    const released = await run('release', 'held');
    assert.deepEqual([released.code, released.out], [0, 'Application evenkeel/held: released\n'], released.complaints);
    assert.equal((await journey.read()).metadata.annotations?.['evenkeel.dev/hold'], undefined);
    assert.deepEqual((await run('release', 'held')).complaints, 'error: Application evenkeel/held is not held\n');
  });
});

describe('approve', () => {
  test('shows what is held back, and takes only the hash of the present plan', { timeout }, async () => {
    const journey = await begin(world, 'guarded', { spec: { prune: { guard: { maxObjects: 0 } } } });
    await journey.commit({ 'old.json': configMap('old', 'x') });
    await journey.until('synced', ({ counts }) => counts?.['synced'] === 2);
    assert.equal((await run('approve', 'guarded')).out, 'Application evenkeel/guarded: nothing is held back\n');
    await journey.commit({ 'old.json': null });
    const { status } = await journey.until('held back', ({ plan }) => plan !== undefined);
    const hash = status?.plan?.hash ?? '';

    const planned = await run('plan', 'guarded');
    assert.equal(planned.code, 2, planned.complaints);
    assert.match(
      planned.out,
      /\nheld back: 1 objects would be deleted, [^]*\n1 to delete \(guarded\), 1 unchanged\nplan /,
    );
    assert.ok(planned.out.endsWith(`plan ${hash}\n`), 'the operator and the command plan the same');

    const shown = await run('approve', 'guarded');
    assert.match(
      shown.out,
      new RegExp(`\n  ConfigMap guarded/old\nTo approve: kubectl evenkeel approve guarded ${hash} -n evenkeel\n$`),
    );
    const wrong = await run('approve', 'guarded', '0123456789abcdef');
    assert.equal(wrong.code, 1);
    assert.match(wrong.complaints, /0123456789abcdef is not the plan that is held back now/);
    assert.deepEqual(await journey.configMap('old'), { value: 'x' });
    const right = await run('approve', 'guarded', hash, '-o', 'json');
    assert.deepEqual([right.code, (JSON.parse(right.out) as { hash: string }).hash], [0, hash], right.complaints);
    await eventually('the approved deletion', async () => (await journey.configMap('old')) === undefined);
  });
});

describe('what cannot be done is 1 and says why', () => {
  const commands = [['plan'], ['diff'], ['sync'], ['approve'], ['rollback', '--to', '0'], ['release'], ['terminate']];

  const failures = (kubeconfig: string): Promise<readonly Run[]> =>
    Promise.all(commands.map(([command = '', ...options]) => runAs(kubeconfig, command, 'nowhere', ...options)));

  test('no such Application', { timeout }, async () => {
    for (const { code, complaints } of await failures(admin))
      assert.deepEqual([code, complaints], [1, 'error: there is no Application evenkeel/nowhere\n']);
  });

  test('no permission', { timeout }, async () => {
    for (const { code, complaints } of await failures(await world.plane.userKubeconfig('stranger'))) {
      assert.equal(code, 1);
      assert.match(complaints, /^error: .*User "stranger" cannot get resource "applications"/);
    }
  });

  test('no cluster', { timeout }, async () => {
    for (const { code, complaints } of await failures(await unreachable())) {
      assert.equal(code, 1);
      assert.match(complaints, /error: .*127\.0\.0\.1:1/);
    }
  });

  test('who may only read is told so, and plans without dry-run', { timeout }, async () => {
    const journey = await begin(world, 'readable');
    await journey.untilSynced();
    await journey.apply({ spec: manual });
    const revision = await journey.commit({ 'b.json': configMap('b', 'new') });
    await journey.untilOutOfSync(revision);
    const reader = await world.plane.userKubeconfig('reader');
    const bind = ['create', 'clusterrolebinding', 'reader', '--clusterrole=reads-all', '--user=reader'];
    await world.plane.kubectl(['create', 'clusterrole', 'reads-all', '--verb=get,list', '--resource=*.*']);
    await world.plane.kubectl(bind);
    const refused = await runAs(reader, 'plan', 'readable');
    assert.equal(refused.code, 1);
    assert.match(
      refused.complaints,
      /--no-preflight[^]*Forbidden: ConfigMap readable\/b .* cannot patch resource "configmaps"/,
    );
    const planned = await runAs(reader, 'plan', 'readable', '--no-preflight');
    assert.equal(planned.code, 2, planned.complaints);
    assert.match(planned.out, /\ncreate +ConfigMap readable\/b +if it is not there\n/);
    const asked = await runAs(reader, 'sync', 'readable');
    assert.equal(asked.code, 1);
    assert.match(asked.complaints, /User "reader" cannot patch resource "applications"/);
  });
});

/** A kubeconfig for a port at which nobody listens. */
async function unreachable(): Promise<string> {
  const file = path.join(folder.path, 'unreachable');
  await writeFile(
    file,
    (await readFile(admin, 'utf8')).replace(/https:\/\/127\.0\.0\.1:[0-9]+/, 'https://127.0.0.1:1'),
  );
  return file;
}
