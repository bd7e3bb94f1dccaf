import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { GitServer } from '../../tools/git-server.ts';
import { startGitServer } from '../../tools/git-server.ts';
import { eventually } from '../../tools/eventually.ts';
import type { World } from '../../tools/world.ts';
import { applications, startWorld } from '../../tools/world.ts';
import type { BadInput, BadSpec, Subject } from './support/bad-input.ts';
import {
  checkRequests,
  goodSpec,
  keptSaying,
  patchUnchecked,
  postUnchecked,
  roundOfKept,
  startRepository,
  startSubject,
  uidOfKept,
  untilRefused,
} from './support/bad-input.ts';
import { badSpecs, refusedAtTheDoor } from './support/bad-input-specs.ts';

let world: World;
let guarded: GitServer;

before(async () => {
  world = await startWorld();
  guarded = await startGitServer({ credentials: { username: 'reader', password: 'right' } });
  await world.startOperator();
});

after(async () => {
  await guarded[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const timeout = 300_000;
const automated = { automated: { prune: true, selfHeal: true } };

function manifest(name: string, repoURL: string): Record<string, unknown> & { spec: Record<string, unknown> } {
  const spec = { ...goodSpec(repoURL, name), interval: '1s', syncPolicy: automated };
  return { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'Application', metadata: { name, namespace: 'evenkeel' }, spec };
}

/** A merge patch that undoes what another one has set, down to the last field. */
function undoing(patch: unknown, good: unknown): unknown {
  if (good === undefined) return null;
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return good;
  const before = good as Record<string, unknown>;
  return Object.fromEntries(Object.entries(patch).map(([key, value]) => [key, undoing(value, before[key])]));
}

function wrong({ spec = {}, operation }: Pick<BadSpec, 'spec' | 'operation'>) {
  return { ...(operation === undefined ? {} : { operation }), spec };
}

describe('a wrong Application: Stalled names the field, nothing is asked or written, and a repair is enough', () => {
  for (const row of badSpecs) {
    it(row.name, { timeout }, async () => {
      const { name } = row;
      const repository = await startRepository(world, name);
      const good = manifest(name, repository.url);
      await world.plane.forgetRequests();
      await postUnchecked(world, good);
      await world.untilSynced(name, await repository.head());
      const uid = await uidOfKept(world, name);

      await world.plane.forgetRequests();
      const bad = wrong(row);
      await patchUnchecked(world, name, bad);
      await untilRefused({ world, name }, row);
      const late = await repository.commit(keptSaying('late'), 'nobody looks at it');
      await patchUnchecked(world, name, { metadata: { annotations: { 'evenkeel.dev/refresh': 'hard' } } });
      await eventually('the request to look again to be seen', async () => {
        const { metadata } = await world.read(name);
        return metadata.annotations?.['evenkeel.dev/refresh'] === undefined;
      });
      await checkRequests({ world, name }, row);
      assert.equal(await roundOfKept(world, name), 'first');

      await patchUnchecked(world, name, undoing(bad, good) as Record<string, unknown>);
      await world.untilSynced(name, late);
      assert.deepEqual([await uidOfKept(world, name), await roundOfKept(world, name)], [uid, 'late']);
    });
  }
});

describe('a wrong Application from the start: created without validation, refused, and applied once it is right', () => {
  for (const row of badSpecs.filter(({ spec }) => spec?.['source'] === undefined && spec !== undefined)) {
    it(row.name, { timeout }, async () => {
      const name = `new-${row.name}`;
      const repository = await startRepository(world, name);
      const good = manifest(name, repository.url);
      await world.plane.forgetRequests();
      await postUnchecked(world, { ...good, spec: merged(good.spec, row.spec ?? {}) });
      await untilRefused({ world, name }, row);
      await checkRequests({ world, name }, row);
      await patchUnchecked(world, name, { spec: undoing(row.spec, good.spec) });
      await world.untilSynced(name, await repository.head());
      assert.equal(await roundOfKept(world, name), 'first');
    });
  }
});

function merged(good: Record<string, unknown>, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result = { ...good };
  for (const [key, value] of Object.entries(patch)) {
    const before = result[key];
    const isBlock = isObject(before) && isObject(value);
    result[key] = isBlock ? merged(before, value) : value;
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

describe('a wrong value that the schema of the CRD knows is refused by the API server', () => {
  for (const { name, spec = {}, message } of refusedAtTheDoor) {
    it(name, { timeout }, async () => {
      const good = manifest(name, 'http://127.0.0.1/x.git');
      const path = `${applications}?fieldValidation=Ignore`;
      const body = { ...good, spec: merged(good.spec, spec) };
      const answer = await world.plane.api.send({ method: 'POST', path, body });
      assert.equal(answer.status, 422);
      assert.match((answer.body as { message: string }).message, message);
    });
  }
});

describe('a source that cannot be read: what is deployed stays, and a repair is enough', () => {
  const rows: readonly (BadInput & { readonly source: Record<string, unknown> })[] = [
    {
      name: 'missing-path',
      source: { path: 'nowhere' },
      reason: 'PathNotFound',
      message: /spec\.source\.path: .*"nowhere"/,
    },
    {
      name: 'unknown-branch',
      source: { targetRevision: 'release' },
      reason: 'RevisionNotFound',
      message: /unknown-branch\.git: has no branch or tag "release"/,
    },
    {
      name: 'unknown-commit',
      source: { targetRevision: 'a'.repeat(40) },
      reason: 'RevisionNotFound',
      message: /unknown-commit\.git: does not give (the )?commit.*a{40}/,
    },
  ];
  for (const row of rows) {
    it(row.name, { timeout }, async () => {
      const subject = await startSubject(world, row.name);
      const { name, repository, uid } = subject;
      await world.plane.forgetRequests();
      await patchUnchecked(world, name, { spec: { source: row.source } });
      await untilRefused(subject, row);
      await checkRequests(subject, row);
      const revision = await repository.commit(keptSaying('repaired'), 'repair it');
      await patchUnchecked(world, name, { spec: { source: { path: 'app', targetRevision: 'main' } } });
      await world.untilSynced(name, revision);
      assert.deepEqual([await uidOfKept(world, name), await roundOfKept(world, name)], [uid, 'repaired']);
    });
  }

  it('a path that comes back with a commit', { timeout }, async () => {
    const subject = await startSubject(world, 'path-comes-back');
    const { name, repository, uid } = subject;
    await world.plane.forgetRequests();
    await repository.commit({ app: null, 'README.md': 'moved' }, 'move it away');
    const row = { name, reason: 'PathNotFound', message: /spec\.source\.path: .*"app"/ };
    await untilRefused(subject, row);
    await checkRequests(subject, row);
    await world.untilSynced(name, await repository.commit(keptSaying('back'), 'bring it back'));
    assert.deepEqual([await uidOfKept(world, name), await roundOfKept(world, name)], [uid, 'back']);
  });

  it('wrong credentials, repaired in the Secret alone', { timeout }, async () => {
    const name = 'wrong-credentials';
    const repository = await startRepository(world, name, guarded);
    const secret = (password: string): Promise<string> =>
      world.plane.kubectl(
        ['apply', '-f', '-'],
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'git', namespace: 'evenkeel' },
          stringData: { username: 'reader', password },
        }),
      );
    await secret('right');
    const good = goodSpec(repository.url, name);
    await world.application(name, { ...good, source: { ...(good['source'] as object), secretRef: 'git' } });
    await world.untilSynced(name, await repository.head());
    const subject: Subject = { world, name, repository, uid: await uidOfKept(world, name) };

    await world.plane.forgetRequests();
    await secret('hunter2');
    const late = await repository.commit(keptSaying('late'), 'nobody can fetch it');
    const row = {
      name,
      reason: 'AuthenticationFailed',
      message: /wrong-credentials\.git.*refuses the credentials \(HTTP 401\)/,
    };
    const refused = await untilRefused(subject, row);
    assert.doesNotMatch(JSON.stringify(refused.status), /hunter2/, 'a password is never shown');
    await checkRequests(subject, row);
    await secret('right');
    await world.untilSynced(name, late);
    assert.deepEqual([await uidOfKept(world, name), await roundOfKept(world, name)], [subject.uid, 'late']);
  });
});
