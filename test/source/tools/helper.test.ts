import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createToolsStage } from './tools-stage.ts';

const never = new AbortController().signal;

test('a program is run to its end: code, output and last words', async () => {
  await using stage = await createToolsStage();
  const run = await stage.script('cat; echo "bad: $HOME/x" >&2; exit 3', { stdin: Buffer.from('hello') });
  assert.deepEqual(await stage.tools.run(run, never), {
    code: 3,
    stdout: Buffer.from('hello'),
    stderr: 'bad: $PRIVATE/home/x',
  });
});
