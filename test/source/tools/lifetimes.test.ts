import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { OperatorError } from '../../../src/model/errors.ts';
import { eventually } from '../../../tools/eventually.ts';
import { startTimeOf } from '../../../tools/process-identity.ts';
import { createTemporaryFolder } from '../../../tools/temporary-folder.ts';
import { realClock } from '../../fakes/clock.ts';
import { aliveIn, createToolsStage, type ToolsStage } from './tools-stage.ts';

const never = new AbortController().signal;

async function helperOf(stage: ToolsStage): Promise<number> {
  return Number((await stage.tools.run(await stage.script('echo $PPID'), never)).stdout.toString());
}

test('when the helper is killed its runs fail, what it started is killed, and the next run starts another', async () => {
  await using stage = await createToolsStage();
  const helper = await helperOf(stage);
  const run = await stage.script('setsid sleep 600 & sleep 600');
  const failed = assert.rejects(stage.tools.run(run, never), (error) => {
    assert.ok(error instanceof OperatorError);
    assert.deepEqual([error.step, error.reason, error.retry], ['render', 'ToolUnavailable', 'backoff']);
    assert.match(error.message, /^kustomize was stopped: the process that starts programs ended \(SIGKILL\)$/);
    return true;
  });
  await using session = await stage.tools.open(await stage.script('sleep 600'));
  const reading = assert.rejects(async () => {
    for await (const bytes of session.output) assert.fail(bytes.toString());
  }, /was stopped/);
  await eventually('all to run', async () => (await stage.survivors()).length >= 4);
  process.kill(helper, 'SIGKILL');
  await failed;
  await reading;
  await eventually('nothing of it to be alive', async () => (await stage.survivors()).length === 0);
  assert.notEqual(await helperOf(stage), helper);
});

test('nothing is started before the first run, and disposing ends all', async () => {
  const stage = await createToolsStage();
  await stage.tools[Symbol.asyncDispose]();
  await assert.rejects(stage.tools.run(await stage.script('exit 0'), never), /stopping/);
  await stage[Symbol.asyncDispose]();

  const used = await createToolsStage();
  const helper = await helperOf(used);
  const failed = assert.rejects(used.tools.run(await used.script('sleep 600'), never), /was stopped/);
  await eventually('it to run', async () => (await used.survivors()).length > 0);
  await used.tools[Symbol.asyncDispose]();
  await failed;
  assert.equal(startTimeOf(helper), undefined);
  assert.deepEqual(await used.survivors(), []);
  await used[Symbol.asyncDispose]();
});

const sources = path.join(import.meta.dirname, '..', '..', '..', 'src');

/** A process that runs one program in `scratch`; `then` is what it does once the program runs. */
function operatorCode(scratch: string, script: string, then: string): string {
  return `
    import { startTools } from ${JSON.stringify(path.join(sources, 'source', 'tools', 'helper.ts'))};
    import { systemClock } from ${JSON.stringify(path.join(sources, 'clock.ts'))};
    const tools = startTools({ clock: systemClock, maxRenders: 1, path: process.env.PATH, scratch: ${JSON.stringify(scratch)},
      programs: { kustomize: '/bin/sh' } });
    const limits = { timeMs: 600_000, memoryBytes: 1e9, outputBytes: 1e6 };
    const session = await tools.open({ tool: 'kustomize', args: ['-c', ${JSON.stringify(script)}], cwd: '/', limits });
    for await (const bytes of session.output) { process.stdout.write(bytes); break; }
    ${then}`;
}

test('when the operator is killed nothing of it is left', async () => {
  await using folder = await createTemporaryFolder('tools-test');
  const scratch = path.join(folder.path, 'scratch');
  const code = operatorCode(
    scratch,
    'setsid sleep 600 & echo $PPID; exec sleep 600',
    "process.kill(process.pid, 'SIGKILL');",
  );
  const operator = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const helper = Number(await text(operator.stdout));
  assert.ok(helper > 0);
  await eventually('helper and programs to be gone', async () => {
    const state = await readFile(`/proc/${helper}/stat`, 'utf8').catch(() => ') Z');
    return state.includes(') Z') && (await aliveIn(scratch)).length === 0;
  });
});

test('an operator whose work is done ends although nothing was disposed', async () => {
  await using folder = await createTemporaryFolder('tools-test');
  const code = operatorCode(path.join(folder.path, 'scratch'), 'echo done', '');
  const operator = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.equal((await text(operator.stdout)).trim(), 'done');
  await eventually('it to end', () => operator.exitCode === 0);
});

test('a helper that dies while nothing runs is replaced by the next run', async () => {
  await using stage = await createToolsStage();
  const first = await helperOf(stage);
  process.kill(first, 'SIGKILL');
  await eventually('it to be gone', () => startTimeOf(first) === undefined);
  assert.notEqual(await helperOf(stage), first);
});

test('runs that are aborted at any moment leave nothing, and those that are not all end', async () => {
  await using stage = await createToolsStage({ maxRenders: 8 });
  const run = await stage.script('cat > /dev/null; sleep 0.01 & head -c 300000 /dev/zero; wait', {
    stdin: Buffer.alloc(100_000),
  });
  const outcomes = await Promise.all(
    Array.from({ length: 120 }, async (_, index) => {
      const abort = new AbortController();
      const isAborted = index % 2 === 0;
      const stop = (): void => abort.abort(new Error('enough'));
      const cancel = isAborted ? realClock.after((index * 37) % 400, stop) : undefined;
      try {
        const { stdout } = await stage.tools.run(run, abort.signal);
        return stdout.length;
      } catch (error) {
        assert.ok(isAborted && String(error).includes('enough'), String(error));
        return undefined;
      } finally {
        cancel?.();
      }
    }),
  );
  const ended = outcomes.filter((length) => length !== undefined);
  assert.ok(ended.length >= 60);
  assert.ok(ended.every((length) => length === 300_000));
  assert.deepEqual(await readdir(stage.scratch), []);
  await eventually('nothing of it to be alive', async () => (await stage.survivors()).length === 0);
});
