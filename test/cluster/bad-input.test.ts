import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRequests, keptSaying, roundOfKept, startSubject, uidOfKept, untilRefused } from './support/bad-input.ts';
import { badFiles } from './support/bad-input-files.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld();

describe('bad input in files: refused with a reason, nothing is written, and a repair is enough', () => {
  for (const row of badFiles) {
    it(row.name, { timeout: 300_000 }, async () => {
      const subject = await startSubject(world, row.name);
      const { repository, uid, name } = subject;
      await world.plane.forgetRequests();
      await repository.commit({ ...row.files, ...keptSaying('bad') }, 'break it');
      await untilRefused(subject, row);
      await checkRequests(subject, row);
      assert.equal(await roundOfKept(world, name), 'first', 'the good change beside the bad one waits, too');

      const removed = Object.fromEntries(Object.keys(row.files).map((file) => [file, null]));
      await world.untilSynced(name, await repository.commit({ ...removed, ...keptSaying('repaired') }, 'repair it'));
      assert.deepEqual([await uidOfKept(world, name), await roundOfKept(world, name)], [uid, 'repaired']);
    });
  }
});
