import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { startTimeOf } from '../../tools/process-identity.ts';
import { startChild } from '../../tools/process.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';

const TOOLS = path.join(import.meta.dirname, '..', '..', 'tools');

test('process: exit code, signal, log and environment of a child', async () => {
  await using folder = await createTemporaryFolder('process-test');
  const log = path.join(folder.path, 'log');
  const shell = (script: string) =>
    startChild({ command: '/bin/sh', args: ['-c', script], log, env: { GREETING: 'hi' } });
  assert.deepEqual(await (await shell('echo $GREETING; echo worse >&2; exit 7')).waitForExit(), {
    code: 7,
    signal: null,
  });
  assert.equal(await readFile(log, 'utf8'), 'hi\nworse\n');
  assert.deepEqual(await (await shell('kill -TERM $$')).waitForExit(), { code: null, signal: 'SIGTERM' });
  const stubborn = await shell('trap "" TERM; echo deaf; while :; do sleep 1; done');
  await eventually('the trap to be set', () => stubborn.logTail().endsWith('deaf'));
  assert.deepEqual(await stubborn.stop(100), { code: null, signal: 'SIGKILL' });
  assert.equal(stubborn.signal('SIGTERM'), false);
});

test('process: a command that does not exist ends with 127 and says so in the log', async () => {
  await using folder = await createTemporaryFolder('process-test');
  const child = await startChild({ command: '/no/such/thing', args: [], log: path.join(folder.path, 'log') });
  assert.equal((await child.waitForExit()).code, 127);
  assert.match(child.logTail(), /no\/such\/thing/);
});

test('process: after a SIGKILL of the parent neither child, nor grandchild, nor folder is left', async () => {
  const code = `
    import { startChild } from ${JSON.stringify(path.join(TOOLS, 'process.ts'))};
    import { createTemporaryFolder } from ${JSON.stringify(path.join(TOOLS, 'temporary-folder.ts'))};
    const folder = await createTemporaryFolder('process-test');
    const child = await startChild({ command: '/bin/sh', args: ['-c', 'sleep 600 & echo $!; wait'], log: folder.path + '/log' });
    const { readFileSync } = await import('node:fs');
    const { setTimeout } = await import('node:timers/promises');
    while (readFileSync(child.logFile, 'utf8') === '') await setTimeout(10);
    console.log(JSON.stringify([folder.path, child.pid, Number(readFileSync(child.logFile, 'utf8'))]));
    process.kill(process.pid, 'SIGKILL');`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [folder, child, grandchild] = JSON.parse(await text(parent.stdout)) as [string, number, number];
  await eventually('all to be gone', async () => {
    const alive = await Promise.all([child, grandchild].map(isAlive));
    return !alive.includes(true) && !existsSync(folder);
  });
});

/** In a container without an init process an orphan stays a zombie, which is dead all the same. */
async function isAlive(pid: number): Promise<boolean> {
  if (startTimeOf(pid) === undefined) return false;
  if (process.platform !== 'linux') return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}
