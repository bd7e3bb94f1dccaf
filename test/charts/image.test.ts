import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { modules } from '../../tools/assets/catalogue.ts';
import { repositoryRoot } from '../../tools/generated-file.ts';

test('the image renders with the versions that the tests run with', () => {
  const dockerfile = readFileSync(path.join(repositoryRoot, 'deploy/Dockerfile'), 'utf8');
  assert.ok(dockerfile.includes(`sigs.k8s.io/kustomize/kustomize/v5@${modules.kustomize.version}`));
  assert.ok(dockerfile.includes(`helm.sh/helm/v4/cmd/helm@${modules.helm.version}`));
  for (const { stamps } of [modules.kustomize, modules.helm]) {
    for (const [name, value] of Object.entries(stamps)) assert.ok(dockerfile.includes(`-X ${name}=${value}`), name);
  }
});
