import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { OperatorError } from '../../src/model/errors.ts';
import { startGitServer, type GitRepository } from '../../tools/git-server.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';
import { application, configMap, never, startSource } from './stage.ts';

const execute = promisify(execFile);

interface Case {
  readonly name: string;
  readonly targetRevision: string;
  /** undefined: applied. */
  readonly refused?: RegExp;
  readonly tag: (repository: GitRepository, sign: readonly string[]) => Promise<unknown>;
}

const tagged = (name: string) => (repository: GitRepository, sign: readonly string[]) =>
  repository.git([...sign, 'tag', '-s', '-m', 'release', name, 'main']);

const cases: readonly Case[] = [
  { name: 'a tag that a known key has signed', targetRevision: 'v1.0.0', tag: tagged('v1.0.0') },
  { name: 'the one that a constraint means', targetRevision: '1.x', tag: tagged('v1.2.0') },
  {
    name: 'an annotated tag without signature',
    targetRevision: 'v1.0.0',
    tag: (repository) => repository.tag('v1.0.0', 'main', 'words'),
    refused: /tag "v1\.0\.0" of commit [0-9a-f]{40}: .*not signed/,
  },
  {
    name: 'a light tag',
    targetRevision: 'v1.0.0',
    tag: (repository) => repository.tag('v1.0.0'),
    refused: /"v1\.0\.0" is no annotated tag of it/,
  },
  {
    name: 'a branch, although a signed tag is at its commit',
    targetRevision: 'main',
    tag: tagged('v1.0.0'),
    refused: /"main" is no annotated tag of it/,
  },
];

for (const engine of ['native', 'embedded'] as const) {
  describe(`verify, mode Tag, ${engine}`, () => {
    for (const { name, targetRevision, refused, tag } of cases) {
      test(name, async () => {
        await using keys = await createTemporaryFolder('keys');
        const key = join(keys.path, 'key');
        await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'team', '-f', key]);
        await using server = await startGitServer();
        const repository = await server.createRepository('r');
        await repository.commit({ 'a.yaml': configMap('a') }, 'not signed itself');
        await tag(repository, ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key}`]);
        await using stage = await startSource({ engine });
        stage.secrets.set('argo/keys', { team: await readFile(`${key}.pub`) });
        const verify = { mode: 'Tag' as const, secretRef: 'keys' };
        const app = application({ source: { repoURL: repository.url, targetRevision, verify } });
        const loaded = stage.source.load(app, {}, never).then(
          ({ objects }) => objects.length,
          (error: unknown) => error,
        );
        const outcome = await loaded;
        if (refused === undefined) assert.equal(outcome, 1, String(outcome));
        else
          assert.ok(
            outcome instanceof OperatorError && outcome.reason === 'SignatureInvalid' && refused.test(outcome.message),
            String(outcome),
          );
      });
    }
  });
}
