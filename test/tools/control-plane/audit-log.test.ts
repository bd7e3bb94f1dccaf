import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { AuditLog } from '../../../tools/control-plane/audit-log.ts';
import { createTemporaryFolder } from '../../../tools/temporary-folder.ts';

const line = (id: number): string =>
  `${JSON.stringify({ auditID: String(id), verb: 'get', requestURI: `/${id}`, user: {}, requestReceivedTimestamp: '' })}\n`;

test('an audit log that several read at once loses no request', async () => {
  await using folder = await createTemporaryFolder('audit');
  const file = path.join(folder.path, 'audit.log');
  const log = new AuditLog(file);
  const ids = Array.from({ length: 40 }, (_, id) => id);
  for (const id of ids) {
    await appendFile(file, line(id));
    await Promise.all([log.read(), log.read(), log.read()]);
  }
  assert.deepEqual(
    log.requests.map(({ uri }) => uri),
    ids.map((id) => `/${id}`),
  );
});
