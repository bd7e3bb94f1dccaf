import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { obtain } from '../../../tools/assets/assets.ts';
import { modules, type Module } from '../../../tools/assets/catalogue.ts';
import { withLock } from '../../../tools/assets/lock.ts';

const MODULES = path.join(import.meta.dirname, '..', '..', '..', 'tools', 'assets', 'modules');

async function scratch(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-obtain-'));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

async function script(file: string, words: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho '${words}'\n`);
  await chmod(file, 0o755);
  return file;
}

for (const [module, { version }] of Object.entries(modules)) {
  test(`catalogue: the version of ${module} is the one in its go.mod`, async () => {
    const text = await readFile(path.join(MODULES, module, 'go.mod'), 'utf8');
    assert.match(text, new RegExp(`^require \\S+ ${RegExp.escape(version)}$`, 'm'));
  });
}

test('obtain: given folders come first, EVENKEEL_ASSETS before KUBEBUILDER_ASSETS', async () => {
  await using folder = await scratch();
  const own = await script(path.join(folder.path, 'own', 'etcd'), 'etcd');
  await script(path.join(folder.path, 'theirs', 'etcd'), 'etcd');
  const kubectl = await script(path.join(folder.path, 'theirs', 'kubectl'), 'kubectl');
  const env = { EVENKEEL_ASSETS: path.dirname(own), KUBEBUILDER_ASSETS: path.dirname(kubectl) };
  assert.deepEqual(await obtain(['etcd', 'kubectl'], { env }), { etcd: own, kubectl });
});

test('obtain: PATH serves a tool at the pinned version only, and never a part of the control plane', async () => {
  await using folder = await scratch();
  const bin = path.join(folder.path, 'bin');
  const version = modules.helm.version;
  const helm = await script(path.join(bin, 'helm'), `${version}+gabc`);
  await script(path.join(bin, 'kustomize'), 'v0.0.1');
  await script(path.join(bin, 'etcd'), 'etcd');
  const cached = (module: Module, name: string) =>
    script(path.join(folder.path, 'assets', `${module}-${modules[module].version}`, name), name);
  const kustomize = await cached('kustomize', 'kustomize');
  const etcd = await cached('etcd', 'etcd');
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, EVENKEEL_CACHE: folder.path };
  assert.deepEqual(await obtain(['helm', 'kustomize', 'etcd'], { env }), { helm, kustomize, etcd });
});

test('obtain: without Go it says what to do', async () => {
  await using folder = await scratch();
  const said: string[] = [];
  const env = { PATH: '', EVENKEEL_CACHE: folder.path, EVENKEEL_ENVTEST_INDEX: '' };
  await assert.rejects(obtain(['kubectl'], { env, say: (line) => said.push(line) }), /install Go .*EVENKEEL_ASSETS/);
  assert.match(said.join('\n'), /envtest archive: skipped .* building from Go modules instead/);
});

test('lock: one holder at a time, and a holder that dies leaves nothing behind', async () => {
  await using folder = await scratch();
  const file = path.join(folder.path, 'some.lock');
  const lock = JSON.stringify(path.join(import.meta.dirname, '..', '..', '..', 'tools', 'assets', 'lock.ts'));
  const code = `import { withLock } from ${lock}; await withLock(${JSON.stringify(file)}, () => process.kill(process.pid, 'SIGKILL'));`;
  assert.throws(() => execFileSync(process.execPath, ['--input-type=module', '-e', code]));
  let holders = 0;
  const holdAlone = async () => {
    holders += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(holders, 1);
    holders -= 1;
  };
  await Promise.all([withLock(file, holdAlone), withLock(file, holdAlone), withLock(file, holdAlone)]);
});
