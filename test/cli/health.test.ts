import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runCli } from '../../src/cli/cli.ts';
import { systemClock } from '../../src/clock.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';

interface Run {
  readonly code: number;
  readonly out: string;
  readonly complaints: string;
}

async function run(input: string, ...args: readonly string[]): Promise<Run> {
  const said = { out: '', complaints: '' };
  const code = await runCli(['health', ...args], {
    clock: systemClock,
    random: () => 0.5,
    version: 'test',
    environment: {},
    home: '/nowhere',
    folder: '/nowhere',
    input: () => Promise.resolve(input),
    out: (text) => (said.out += text),
    complain: (text) => (said.complaints += text),
    signal: new AbortController().signal,
  });
  return { code, ...said };
}

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  status: { phase: 'Failed' },
};
const widget = {
  apiVersion: 'example.org/v1',
  kind: 'Widget',
  metadata: { name: 'blue' },
  status: { phase: 'Running' },
};
const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [pod, widget] });

describe('health', () => {
  test('a table of what a list holds', async () => {
    const { code, out } = await run(list, '-f', '-');
    assert.equal(code, 0);
    assert.deepEqual(out.split('\n'), [
      'OBJECT                   HEALTH    MESSAGE',
      'Pod shop/web             Degraded  the Pod failed without saying why',
      'Widget.example.org blue  Healthy   phase Running',
      '',
    ]);
  });

  test('a JSON object per line, of a JSON object per line and of YAML documents', async () => {
    const expected =
      '{"group":"","kind":"Pod","namespace":"shop","name":"web","status":"Degraded",' +
      '"message":"the Pod failed without saying why"}\n' +
      '{"group":"example.org","kind":"Widget","namespace":"","name":"blue","status":"Healthy","message":"phase Running"}\n';
    const lines = `${JSON.stringify(pod)}\n${JSON.stringify(widget)}\n`;
    const yaml = `---\n${JSON.stringify(pod)}\n---\napiVersion: example.org/v1\nkind: Widget\nmetadata: {name: blue}\nstatus:\n  phase: Running\n`;
    for (const input of [list, lines, yaml])
      assert.deepEqual(await run(input, '-f', '-', '-o', 'json'), { code: 0, out: expected, complaints: '' });
  });

  test("an Application's own checks come first, from files", async () => {
    await using folder = await createTemporaryFolder('health');
    const [objects, application] = ['objects.yaml', 'application.yaml'].map((name) => path.join(folder.path, name));
    const check = {
      apiVersion: 'v1',
      kind: 'Pod',
      suspended: 'object.status.phase == "Failed"',
      message: '"as wished"',
    };
    const spec = { source: { repoURL: 'https://git.example.com/a.git', path: '.' }, healthChecks: [check] };
    await writeFile(objects ?? '', list);
    const write = (healthChecks: unknown) =>
      writeFile(
        application ?? '',
        JSON.stringify({
          apiVersion: 'evenkeel.dev/v1alpha1',
          kind: 'Application',
          metadata: { name: 'a' },
          spec: { ...spec, healthChecks },
        }),
      );
    await write([check]);
    const { out } = await run('', '-f', objects ?? '', '-a', application ?? '');
    assert.match(out, /Pod shop\/web +Suspended +as wished/);
    await write([{ ...check, suspended: 'object..x' }]);
    const refused = await run('', '-f', objects ?? '', '-a', application ?? '');
    assert.equal(refused.code, 1);
    assert.match(refused.complaints, /spec\.healthChecks\[0\]\.suspended: line 1, column 8: /);
  });

  test('--fail-on says who is so or worse', async () => {
    assert.deepEqual((await run(list, '-f', '-', '--fail-on', 'unknown')).code, 0);
    const { code, complaints } = await run(list, '-f', '-', '--fail-on', 'degraded');
    assert.deepEqual([code, complaints], [1, 'error: Pod shop/web is Degraded\n']);
  });

  test('what cannot be read', async () => {
    assert.match((await run('a: [', '-f', '-')).complaints, /^error: -: /);
    assert.match((await run('[1]', '-f', '-')).complaints, /no object of Kubernetes/);
    assert.equal((await run('', '-f', 'missing.yaml')).code, 1);
    assert.equal((await run('')).code, 2);
  });
});
