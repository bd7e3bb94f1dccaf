import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../../tools/generated-file.ts';
import { startChild } from '../../tools/process.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';

/** What each line of the demo has to measure. */
const story: readonly RegExp[] = [
  /^✓ prepare: \d+ programs of Kubernetes v/,
  /^✓ cluster: Kubernetes v[\d.]+ with 2 nodes, a Git server, and the chart by helm install after [\d.]+ s$/,
  /^✓ operator: process \d+ holds the Lease after /,
  /^✓ sync: 4 objects of commit [0-9a-f]{7} are Synced and Healthy after .*, 2 of 2 replicas ready$/,
  /^✓ commit: commit [0-9a-f]{7} changed ConfigMap settings and created ConfigMap banner after /,
  /^✓ foreign scale: manager kubectl \(Update\) changed spec\.replicas of Deployment guestbook\/web: right again after \d/,
  /^✓ foreign edit: manager kubectl-patch \(Update\) changed data\.colour, data\.greeting of ConfigMap guestbook\/settings: /,
  /^✓ prune: commit [0-9a-f]{7} removed a file: ConfigMap banner was deleted after .*, 4 objects stay$/,
  /^✓ emptied folder: all 3 files removed, 0 objects deleted, PruneBlocked: the source has no objects/,
  /^✓ kill and restart: killed by SIGKILL; .* wrote to 0 managed objects/,
  /^✓ foreign deletion: kubectl delete service web: back after /,
  /^✓ metrics: \d+ series at http:\/\//,
];

test('make demo: every step shows its fact, one line each, and it ends with 0', async () => {
  await using folder = await createTemporaryFolder('demo');
  const log = path.join(folder.path, 'demo.log');
  await using demo = await startChild({
    command: path.join(repositoryRoot, 'node_modules/.bin/node'),
    args: [path.join(repositoryRoot, 'tools/demo/demo.ts')],
    log,
  });
  const { code } = await demo.waitForExit();
  const told = await readFile(log, 'utf8');
  assert.equal(code, 0, told);
  const steps = told.split('\n').filter((line) => /^[✓✗]/.test(line));
  assert.equal(steps.length, story.length, told);
  story.forEach((pattern, index) => assert.match(steps[index] ?? '', pattern));
});
