import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { obtain } from '../../tools/assets/assets.ts';
import { repositoryRoot } from '../../tools/generated-file.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';

const execute = promisify(execFile);

/** Node refuses to strip types below node_modules, so what is installed has to be JavaScript, data and entries included. */
test('the package, installed into an empty folder, renders', { timeout: 600_000 }, async () => {
  await using folder = await createTemporaryFolder('package');
  const { kustomize } = await obtain(['kustomize']);
  const nodeFolder = path.join(repositoryRoot, 'node_modules/.bin');
  const env = { ...process.env, PATH: [nodeFolder, path.dirname(kustomize), process.env['PATH'] ?? ''].join(':') };
  const npm = (args: readonly string[], cwd: string) => execute('npm', [...args, '--loglevel=error'], { env, cwd });
  const { stdout } = await npm(['pack', '--json', '--pack-destination', folder.path], repositoryRoot);
  const name = /"filename": "([^"]+)"/.exec(stdout)?.[1] ?? '';
  await writeFile(path.join(folder.path, 'package.json'), '{"name": "empty", "private": true}');
  await npm(['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', name], folder.path);
  await writeFile(path.join(folder.path, 'kustomization.yaml'), 'configMapGenerator: [{name: a, literals: [x=y]}]\n');
  const command = path.join(folder.path, 'node_modules/.bin/kubectl-evenkeel');
  const rendered = await execute(command, ['render', '.', '-o', 'name'], { env, cwd: folder.path });
  assert.match(rendered.stdout, /^ConfigMap default\/a-[a-z0-9]+\n$/);
  const { stdout: version } = await execute(command, ['--version'], { env });
  assert.match(version, /^[0-9]+\.[0-9]+\.[0-9]+\n$/);
});
