import { after, before, describe, test } from 'node:test';
import { dirname } from 'node:path';
import { gitCases } from './git.ts';
import { GitWorld, type GitCase, type Variant, type WorldParts } from './git-world.ts';
import { obtainProgram } from '../../tools/assets/debian-package.ts';
import { startGitServer } from '../../tools/git-server.ts';
import { startSshServer } from '../../tools/ssh-server.ts';
import { startTcpRelay } from '../../tools/tcp-relay.ts';
import { refused } from '../refused.ts';

/** Servers and tools that all cases of a variant share. */
async function partsOf(variant: Variant, cleanup: AsyncDisposableStack): Promise<WorldParts | undefined> {
  const server = cleanup.use(await startGitServer());
  const common = { variant, server, startServer: startGitServer, largeFilesPath: await folderOfLargeFiles() };
  if (variant === 'native-ssh') {
    const ssh = await startSshServer();
    if (ssh === undefined) return undefined;
    cleanup.use(ssh);
    const secret = { sshPrivateKey: ssh.privateKey, knownHosts: ssh.knownHosts };
    const createRepository: WorldParts['createRepository'] = (name, format) => ssh.createRepository(name, format);
    return { ...common, ssh, relay: ssh.relay, createRepository, addressOf: ({ url }) => url, secret };
  }
  const relay = cleanup.use(await startTcpRelay(Number(new URL(server.url).port)));
  return {
    ...common,
    ssh: undefined,
    relay,
    createRepository: (name, format) => server.createRepository(name, format),
    addressOf: ({ url }) => url.replace(server.url, `http://127.0.0.1:${relay.port}`),
    secret: undefined,
  };
}

async function folderOfLargeFiles(): Promise<string | undefined> {
  const program = await obtainProgram({ name: 'git-lfs', folders: [], packages: ['git-lfs'] });
  return program === undefined ? undefined : dirname(program.file);
}

/** Gives why it could not be tried. */
async function check(each: GitCase, variant: Variant, parts: WorldParts): Promise<string | undefined> {
  const outcome = each.outcomes[variant];
  await using world = new GitWorld(parts);
  if (outcome === 'works') await each.run(world);
  else if (outcome !== undefined) await refused(each.run(world), outcome.reason, outcome.says);
  return world.skipped;
}

/** A test per case that says something about the variant. */
export function testContract(variant: Variant): void {
  describe(`the contract of Git engines, ${variant}`, () => {
    const cleanup = new AsyncDisposableStack();
    let parts: WorldParts | undefined;
    before(async () => {
      parts = await partsOf(variant, cleanup);
    });
    after(() => cleanup.disposeAsync());
    for (const each of Object.values(gitCases).flat()) {
      if (each.outcomes[variant] === undefined) continue;
      test(each.name, async (context) => {
        const skipped = parts === undefined ? 'there is no sshd' : await check(each, variant, parts);
        if (skipped === undefined) return;
        if (process.env['CI'] === 'true') throw new Error(skipped);
        context.skip(skipped);
      });
    }
  });
}
