import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { OperatorError } from '../../../src/model/errors.ts';
import type { ToolSession } from '../../../src/source/tools/tools.ts';
import { eventually } from '../../../tools/eventually.ts';
import type { Clock } from '../../../src/model/ports.ts';
import { realClock } from '../../fakes/clock.ts';
import { createToolsStage, generous } from './tools-stage.ts';

const mebibyte = 1024 * 1024;

/** Reads lines; what follows waits. */
async function* linesOf(session: ToolSession): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const bytes of session.output) {
    const lines = (rest + bytes.toString()).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

test('a session answers until it is ended', async () => {
  await using stage = await createToolsStage();
  const script = 'while read -r line; do echo "you said $line"; done';
  {
    await using session = await stage.tools.open(await stage.script(script));
    const lines = linesOf(session);
    for (const word of ['one', 'two', 'three']) {
      session.write(Buffer.from(`${word}\n`));
      assert.equal((await lines.next()).value, `you said ${word}`);
    }
    assert.equal((await stage.survivors()).length, 1);
  }
  assert.deepEqual(await stage.survivors(), []);
  assert.deepEqual(await readdir(stage.scratch), []);
});

test('a session that nobody reads waits instead of filling memory', async () => {
  await using stage = await createToolsStage();
  const run = await stage.script('i=0; while :; do head -c 65536 /dev/zero; i=$((i+1)); echo $i > count; done');
  await using session = await stage.tools.open(run);
  const count = async (): Promise<number> =>
    Number((await stage.tools.run(await stage.script('cat count'), new AbortController().signal)).stdout.toString());
  let before = -1;
  await eventually(
    'it to stand still',
    async () => {
      const now = await count();
      const stands = now > 0 && now === before;
      before = now;
      return stands;
    },
    { every: 300 },
  );
  assert.ok(before * 65536 < 4 * mebibyte, `${before} blocks were taken`);
  let read = 0;
  for await (const bytes of session.output) {
    read += bytes.length;
    if (read > 16 * mebibyte) break;
  }
});

test('much input of a session that answers slowly arrives in order', async () => {
  await using stage = await createToolsStage();
  await using session = await stage.tools.open(await stage.script('exec cat'));
  const bytes = Buffer.alloc(8 * mebibyte);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at);
  session.write(bytes);
  const read: Buffer[] = [];
  let length = 0;
  for await (const chunk of session.output) {
    read.push(chunk);
    length += chunk.length;
    if (length >= bytes.length) break;
  }
  assert.ok(Buffer.concat(read).equals(bytes));
});

test('a session ends when its program does, all that was printed is read, and nothing is waited for', async () => {
  const timers = new Set<() => void>();
  const clock: Clock = {
    ...realClock,
    after(ms, call) {
      const cancel = realClock.after(ms, call);
      timers.add(cancel);
      return () => {
        timers.delete(cancel);
        cancel();
      };
    },
  };
  await using stage = await createToolsStage({ clock });
  const session = await stage.tools.open(await stage.script('head -c 5000000 /dev/zero'));
  let length = 0;
  for await (const chunk of session.output) length += chunk.length;
  assert.equal(length, 5_000_000);
  await session[Symbol.asyncDispose]();
  assert.equal(timers.size, 0);
});

test('a session over its memory is killed, and its reader told', async () => {
  await using stage = await createToolsStage();
  const run = await stage.script('echo hi; a=aaaaaaaaaaaaaaaa; while :; do a=$a$a; done', {
    limits: { ...generous, memoryBytes: 100 * mebibyte },
  });
  await using session = await stage.tools.open(run);
  await assert.rejects(
    async () => {
      for await (const line of linesOf(session)) assert.equal(line, 'hi');
    },
    (error) => error instanceof OperatorError && error.reason === 'LimitExceeded',
  );
});
