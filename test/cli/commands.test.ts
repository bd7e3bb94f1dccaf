import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder, type TemporaryFolder } from '../../tools/temporary-folder.ts';
import type { World } from '../../tools/world.ts';
import { isWrite, startWorld } from '../../tools/world.ts';
import { begin } from '../cluster/support/journey.ts';
import type { Run } from './run.ts';
import { runIn, writeFiles } from './run.ts';

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

/** What `user` wrote since the last `forgetRequests`, tries left out. */
async function writesOf(user: string): Promise<string[]> {
  const requests = await world.plane.requests(user);
  return requests
    .filter((one) => isWrite(one) && !one.uri.includes('dryRun='))
    .map(({ method, uri }) => `${method} ${uri}`);
}

/** A working tree of the repository of a journey, with these ConfigMaps. */
async function workingTree(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const placed = Object.entries(files).map(([file, content]) => [`${name}/app/${file}`, content] as const);
  await writeFiles(folder.path, { [`${name}/.git/HEAD`]: 'ref: refs/heads/main\n', ...Object.fromEntries(placed) });
  return path.join(folder.path, name);
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

    const tree = await workingTree('planned', {
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
