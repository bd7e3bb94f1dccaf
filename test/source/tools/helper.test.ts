import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { OperatorError } from '../../../src/model/errors.ts';
import type { ToolRun } from '../../../src/source/tools/tools.ts';
import { obtain } from '../../../tools/assets/assets.ts';
import { eventually } from '../../../tools/eventually.ts';
import { createToolsStage, generous } from './tools-stage.ts';

const never = new AbortController().signal;
const mebibyte = 1024 * 1024;

test('a program is run to its end: input, code, output and last words', async () => {
  await using stage = await createToolsStage();
  const run = await stage.script('cat; echo "bad: $HOME/x of $1 at $2" >&2; exit 3', {
    args: ['s3cret', '/srv/tree/a.yaml'],
    stdin: Buffer.from('hello'),
    hide: [
      { text: 's3cret', by: '' },
      { text: '/srv/tree/', by: '' },
    ],
  });
  assert.deepEqual(await stage.tools.run(run, never), {
    code: 3,
    stdout: Buffer.from('hello'),
    stderr: 'bad: $PRIVATE/home/x of  at a.yaml',
  });
});

test('much input and much output pass through unharmed', async () => {
  await using stage = await createToolsStage();
  const stdin = Buffer.alloc(20 * mebibyte, 'evenkeel');
  const { code, stdout } = await stage.tools.run(await stage.script('exec cat', { stdin }), never);
  assert.equal(code, 0);
  assert.ok(stdout.equals(stdin));
});

test('a program that does not read its input ends as it likes', async () => {
  await using stage = await createToolsStage();
  const run = await stage.script('exec 0<&-; exit 5', { stdin: Buffer.alloc(8 * mebibyte) });
  assert.equal((await stage.tools.run(run, never)).code, 5);
});

test('of what a program says only the last whole lines are kept, without control characters', async () => {
  await using stage = await createToolsStage();
  const run = await stage.script(
    'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); done >&2; printf "\\033[31mred\\033[0m\\a\\r\\n" >&2',
  );
  const { stderr } = await stage.tools.run(run, never);
  assert.ok(stderr.length <= 8 * 1024);
  assert.match(stderr, /^line [0-9]+\n/);
  assert.match(stderr, /line 2999\nred�$/);
});

interface HostileCase {
  readonly name: string;
  readonly script: string;
  readonly limits: Partial<ToolRun['limits']>;
  readonly says: RegExp;
}

const hostile: readonly HostileCase[] = [
  {
    name: 'prints for ever',
    script: 'exec yes',
    limits: { outputBytes: 3 * mebibyte },
    says: /^kustomize printed more than 3145728 bytes \(limit renderBytes\)$/,
  },
  {
    name: 'complains for ever',
    script: 'exec yes >&2',
    limits: { timeMs: 300 },
    says: /^kustomize took longer than 300 ms \(limit renderMs\)$/,
  },
  {
    name: 'loops',
    script: 'while :; do :; done',
    limits: { timeMs: 300 },
    says: /^kustomize took longer than 300 ms \(limit renderMs\)$/,
  },
  {
    name: 'is deaf to SIGTERM and sleeps',
    script: 'trap "" TERM INT HUP; while :; do sleep 1; done',
    limits: { timeMs: 300 },
    says: /took longer/,
  },
  {
    name: 'eats memory',
    script: 'a=aaaaaaaaaaaaaaaa; while :; do a=$a$a; done',
    limits: { memoryBytes: 100 * mebibyte },
    says: /^kustomize needed more than 104857600 bytes of memory \(limit renderMemoryBytes\)$/,
  },
  {
    name: 'lets its children eat memory',
    script: '(a=aaaaaaaaaaaaaaaa; while [ ${#a} -lt 60000000 ]; do a=$a$a; done; sleep 600; :) & wait',
    limits: { memoryBytes: 50 * mebibyte },
    says: /memory/,
  },
  {
    name: 'starts processes without end',
    script: 'while :; do sleep 600 & done',
    limits: {},
    says: /^kustomize started too many processes$/,
  },
  {
    name: 'writes much to disk',
    script: 'i=0; while :; do head -c 1000000 /dev/zero > "f$i"; i=$((i+1)); done',
    limits: { diskBytes: 20 * mebibyte },
    says: /^kustomize wrote more than 20971520 bytes$/,
  },
  {
    name: 'writes one large file',
    script: 'exec cat /dev/zero > big',
    limits: { diskBytes: 20 * mebibyte },
    says: /^kustomize wrote more than 20971520 bytes$/,
  },
];

for (const { name, script, limits, says } of hostile) {
  test(`a program that ${name} is killed with all it started`, async () => {
    await using stage = await createToolsStage();
    const run = await stage.script(script, { limits: { ...generous, ...limits } });
    await assert.rejects(stage.tools.run(run, never), (error) => {
      assert.ok(error instanceof OperatorError);
      assert.match(error.message, says);
      assert.equal(error.reason, 'LimitExceeded');
      assert.equal(error.retry, 'interval');
      return true;
    });
    await eventually('nothing of it to be alive', async () => (await stage.survivors()).length === 0);
    assert.deepEqual(await readdir(stage.scratch), []);
  });
}

const leftBehind: Record<string, string> = {
  'in its group': 'sleep 600 &',
  'that holds its output open': '(trap "" HUP; sleep 600) & echo started',
  'in a session of its own': 'setsid sleep 600 &',
  'in a session of its own, without a parent': '(setsid sh -c "sleep 600 & sleep 600" </dev/null >/dev/null 2>&1 &)',
};

for (const [name, script] of Object.entries(leftBehind)) {
  test(`a child that is left behind ${name} is killed when the program ends`, async () => {
    await using stage = await createToolsStage();
    const { code } = await stage.tools.run(await stage.script(script), never);
    assert.equal(code, 0);
    await eventually('nothing of it to be alive', async () => (await stage.survivors()).length === 0);
  });
}

test('what flees at the moment of the end is killed as well', async () => {
  await using stage = await createToolsStage();
  const run = await stage.script(leftBehind['in a session of its own, without a parent'] ?? '');
  for (let round = 0; round < 60; round++) await Promise.all([1, 2, 3, 4].map(async () => stage.tools.run(run, never)));
  await eventually('nothing of it to be alive', async () => (await stage.survivors()).length === 0);
});

test('what is to be hidden is hidden although what is said was cut', async () => {
  await using stage = await createToolsStage();
  const secret = 'abcdefghij'.repeat(20);
  const run = await stage.script('i=0; while [ $i -lt 300 ]; do echo "$1 $i"; i=$((i+1)); done >&2', {
    args: [secret],
    hide: [{ text: secret, by: '' }],
  });
  const { stderr } = await stage.tools.run(run, never);
  assert.doesNotMatch(stderr, /[a-j]/);
  assert.match(stderr, / 298\n 299$/);
});

test('a run that is aborted is killed, waiting or running', async () => {
  await using stage = await createToolsStage({ maxRenders: 1 });
  const abort = new AbortController();
  const run = await stage.script('echo > started; sleep 600');
  const running = stage.tools.run(run, abort.signal);
  const waiting = stage.tools.run(run, abort.signal);
  const both = Promise.allSettled([running, waiting]);
  await eventually('it to run', async () => (await readdir(stage.cwd)).includes('started'));
  abort.abort(new Error('no longer wanted'));
  for (const outcome of await both) {
    assert.equal(outcome.status, 'rejected');
    assert.match(String(outcome.reason), /no longer wanted/);
  }
  await eventually('nothing of it to be alive', async () => (await stage.survivors()).length === 0);
  assert.equal((await stage.tools.run(await stage.script('exit 0'), never)).code, 0);
});

test('at most maxRenders renders run at a time, and git does not wait for them', async () => {
  await using stage = await createToolsStage({ maxRenders: 2 });
  const run = await stage.script('mkdir "$$"; ls | wc -l; while [ ! -e go ]; do sleep 0.02; done; rmdir "$$"');
  const runs = Array.from({ length: 6 }, () => stage.tools.run(run, never));
  await eventually('two to run', async () => (await readdir(stage.cwd)).length === 2);
  const git = await stage.tools.run({ tool: 'git', args: ['--version'], cwd: stage.cwd, limits: generous }, never);
  assert.equal(git.code, 0);
  assert.equal((await readdir(stage.cwd)).length, 2);
  await writeFile(path.join(stage.cwd, 'go'), '');
  for (const { stdout } of await Promise.all(runs)) assert.ok(Number(stdout.toString()) <= 3);
});

test('the environment of a program is the list and nothing else', async () => {
  process.env['EVENKEEL_CANARY'] = 'tweet';
  try {
    await using stage = await createToolsStage();
    const run = await stage.script('tr "\\0" "\\n" < /proc/$$/environ; echo "parent=$PPID"', {
      env: { EXTRA: 'more' },
    });
    const lines = (await stage.tools.run(run, never)).stdout.toString().trim().split('\n');
    const helper = Number(lines.pop()?.slice('parent='.length));
    const home = `${stage.scratch}/run-1/home`;
    assert.deepEqual(lines.sort(), [
      'EXTRA=more',
      'GOMAXPROCS=2',
      `GOMEMLIMIT=${Math.floor(generous.memoryBytes * 0.8)}`,
      `HOME=${home}`,
      'LANG=C.UTF-8',
      `PATH=${process.env['PATH'] ?? ''}`,
      `TMPDIR=${stage.scratch}/run-1/tmp`,
      `XDG_CONFIG_HOME=${home}/.config`,
    ]);
    const ofHelper = (await readFile(`/proc/${helper}/environ`, 'utf8')).split('\0').filter((entry) => entry !== '');
    assert.deepEqual(
      ofHelper.map((entry) => entry.replace(/=.*/s, '')).filter((name) => !name.startsWith('NODE_CHANNEL_')),
      [],
    );
    const git = await stage.tools.run(
      { tool: 'git', args: ['-c', 'alias.e=!env', 'e'], cwd: stage.cwd, limits: generous },
      never,
    );
    assert.doesNotMatch(git.stdout.toString(), /tweet|GOMAXPROCS/);
  } finally {
    delete process.env['EVENKEEL_CANARY'];
  }
});

test('a hundred runs leave no file and no process', async (t) => {
  await using stage = await createToolsStage();
  const run = await stage.script('echo x > "$HOME/a"; echo x > "$TMPDIR/b"; mkdir -p "$HOME/c/d"');
  const began = performance.now();
  const results = await Promise.all(Array.from({ length: 100 }, () => stage.tools.run(run, never)));
  t.diagnostic(`${((performance.now() - began) / results.length).toFixed(1)} ms per run, four at a time`);
  assert.ok(results.every(({ code }) => code === 0));
  assert.deepEqual(await readdir(stage.scratch), []);
  assert.deepEqual(await stage.survivors(), []);
});

test('a program that the system kills says nothing about the source, and is tried again', async () => {
  await using stage = await createToolsStage();
  const run = await stage.script('kill -9 $$');
  await assert.rejects(stage.tools.run(run, never), (error) => {
    assert.ok(error instanceof OperatorError, String(error));
    assert.deepEqual([error.reason, error.retry], ['ToolUnavailable', 'backoff']);
    assert.match(error.message, /^kustomize was killed by the system/);
    return true;
  });
});

test('what a program needs and is not there is said', async () => {
  await using stage = await createToolsStage({ programs: { helm: '/no/such/helm' }, path: '/usr/bin:/bin' });
  const limits = generous;
  await assert.rejects(stage.tools.run({ tool: 'helm', args: [], cwd: stage.cwd, limits }, never), (error) => {
    assert.ok(error instanceof OperatorError);
    assert.deepEqual(
      [error.reason, error.retry, error.message],
      ['ToolUnavailable', 'interval', 'the program helm is not there'],
    );
    return true;
  });
  await assert.rejects(stage.tools.open({ tool: 'helm', args: [], cwd: stage.cwd, limits }), /helm is not there/);
  await assert.rejects(
    stage.tools.run({ tool: 'git', args: ['--version'], cwd: '/no/such/folder', limits }, never),
    /^OperatorError: git could not be started: /,
  );
  await assert.rejects(
    stage.tools.run(
      { tool: 'git', args: ['nul\0'], cwd: stage.cwd, limits, hide: [{ text: 'nul', by: 'HIDDEN' }] },
      never,
    ),
    /^OperatorError: git could not be started: .*HIDDEN/,
  );
});

test('versions are those that the programs say, without decoration', async () => {
  const { helm, kustomize } = await obtain(['helm', 'kustomize']);
  await using stage = await createToolsStage({ programs: { helm, kustomize, gpg: '/no/such/gpg' } });
  const [git, ofHelm, ofKustomize, gpg] = await Promise.all(
    (['git', 'helm', 'kustomize', 'gpg'] as const).map((tool) => stage.tools.version(tool)),
  );
  assert.equal(await stage.tools.version('ssh-keygen'), 'unknown');
  assert.match(git ?? '', /^[0-9]+\.[0-9]+/);
  assert.match(ofHelm ?? '', /^v[0-9]+\.[0-9]+\.[0-9]+$/);
  assert.match(ofKustomize ?? '', /^v[0-9]+\.[0-9]+\.[0-9]+$/);
  assert.equal(gpg, undefined);
});
