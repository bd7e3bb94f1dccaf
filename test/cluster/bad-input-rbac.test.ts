import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRequests, keptSaying, roundOfKept, startSubject, uidOfKept, untilRefused } from './support/bad-input.ts';
import { sharedWorld } from './support/shared-world.ts';

/** The profile `rules` with what a user grants: ConfigMaps, and Secrets for reading only. */
const rules = {
  'rbac.profile': 'rules',
  'rbac.rules[0].apiGroups[0]': '',
  'rbac.rules[0].resources[0]': 'configmaps',
  'rbac.rules[0].verbs': '{get,list,watch,create,patch,delete}',
  'rbac.rules[1].apiGroups[0]': '',
  'rbac.rules[1].resources[0]': 'secrets',
  'rbac.rules[1].verbs': '{get,list,watch}',
};

const granted = { ...rules, 'rbac.rules[1].verbs': '{get,list,watch,create,patch,delete}' };

const world = await sharedWorld({ values: rules });

const timeout = 300_000;

function object(apiVersion: string, kind: string): string {
  return JSON.stringify({ apiVersion, kind, metadata: { name: 'extra' } });
}

describe('what RBAC forbids: the permission is named, nothing is written, and granting it or going without is enough', () => {
  it('an object that may be read and not written: repaired in Git', { timeout }, async () => {
    const subject = await startSubject(world, 'no-writing');
    const { repository, name, uid } = subject;
    await world.plane.forgetRequests();
    await repository.commit({ 'app/extra.json': object('v1', 'Secret'), ...keptSaying('bad') }, 'a Secret');
    const row = {
      name,
      reason: 'Forbidden',
      message:
        /Secret no-writing\/extra \(app\/extra\.json:document 1:line 1\): .*cannot patch resource "secrets".*grant the permission/,
      asks: [
        'list secrets',
        'dry-run configmaps NAMESPACE/kept',
        'get configmaps NAMESPACE/kept',
        'dry-run secrets NAMESPACE/extra',
      ],
    };
    await untilRefused(subject, row);
    await checkRequests(subject, row);
    assert.equal(await roundOfKept(world, name), 'first');
    await world.untilSynced(
      name,
      await repository.commit({ 'app/extra.json': null, ...keptSaying('good') }, 'without'),
    );
    assert.deepEqual([await uidOfKept(world, name), await roundOfKept(world, name)], [uid, 'good']);
  });

  it('a kind that may not even be read', { timeout }, async () => {
    const subject = await startSubject(world, 'no-reading');
    const { repository, name, uid } = subject;
    await world.plane.forgetRequests();
    await repository.commit({ 'app/extra.json': object('v1', 'ServiceAccount'), ...keptSaying('bad') }, 'no rule');
    const row = {
      name,
      reason: 'Forbidden',
      message: /ServiceAccount no-reading\/extra .*"serviceaccounts".*grant the permission/,
      asks: [
        'list serviceaccounts',
        'get serviceaccounts NAMESPACE/extra',
        'dry-run configmaps NAMESPACE/kept',
        'get configmaps NAMESPACE/kept',
        'dry-run serviceaccounts NAMESPACE/extra',
      ],
    };
    await untilRefused(subject, row);
    await checkRequests(subject, row);
    assert.equal(await roundOfKept(world, name), 'first');
    await world.untilSynced(
      name,
      await repository.commit({ 'app/extra.json': null, ...keptSaying('good') }, 'without'),
    );
    assert.deepEqual([await uidOfKept(world, name), await roundOfKept(world, name)], [uid, 'good']);
  });

  it('an object whose permission is granted by an upgrade of the chart', { timeout }, async () => {
    const subject = await startSubject(world, 'granted-later');
    const { repository, name, uid } = subject;
    await world.plane.forgetRequests();
    const revision = await repository.commit(
      { 'app/extra.json': object('v1', 'Secret'), ...keptSaying('new') },
      'a Secret',
    );
    await untilRefused(subject, { name, reason: 'Forbidden', message: /Secret granted-later\/extra/ });
    await world.installChart('upgrade', granted);
    await world.untilSynced(name, revision);
    assert.deepEqual([await uidOfKept(world, name), await roundOfKept(world, name)], [uid, 'new']);
    await world.plane.kubectl(['get', 'secret', 'extra', '-n', name]);
  });
});
