import { gitCases } from '../test/contract/git.ts';
import type { GitCase, Variant } from '../test/contract/git-world.ts';
import { runGenerator, type GeneratedFile } from './generated-file.ts';

const head = `# Git

Generated from test/contract/git.ts by tools/generate-git-docs.ts.

Evenkeel reads Git by one of two engines. The **native** one runs the \`git\` program (2.34 or newer; the image has it). It
keeps one bare repository per remote in the data folder and fetches what is new only. The **embedded** one needs no
program; it fetches the whole snapshot for each new commit, which is right for repositories of some megabytes.
\`EVENKEEL_GIT_ENGINE\` chooses: \`auto\` (the native one where git is there), \`native\` or \`embedded\`. What only the native
engine can do fails in the other with the reason \`UnsupportedByEngine\`.

Both look at HTTP(S) remotes in the same way: two requests of some hundred bytes for all Applications that follow a ref.
Over SSH git lists the remote's refs.

## Credentials

A Secret in the namespace of the Application that \`spec.source.secretRef\` names, else a labelled one of the operator's
namespace, may have:

| key | for |
| --- | --- |
| \`username\`, \`password\` | HTTP(S); a token is a password |
| \`bearerToken\` | HTTP(S); sent as \`Authorization: Bearer\` |
| \`caBundle\` | HTTPS; PEM, only these authorities are trusted then |
| \`clientCert\`, \`clientKey\` (\`tlsClientCertData\`, \`tlsClientCertKey\`) | HTTPS; PEM, for servers that ask for a certificate |
| \`sshPrivateKey\`, \`knownHosts\` | SSH; the key without a passphrase, the lines that \`ssh-keyscan\` prints |

They go to the origin that they were given for and to no other. No server is trusted unseen. What git or ssh can only take
from a file lies in memory for the length of one command.

## Large files and submodules

- A file larger than the limit \`manifestBytes\` is not transferred by the native engine where the server can leave it out
  (all forges can); reading it is an error that names it.
- Git LFS needs \`git-lfs\` beside git, and the remote's own LFS endpoint: \`.lfsconfig\` is not read.
- Submodules work with both engines, down to five levels. The credentials of a repository are used for submodules at the
  same origin; for others there has to be a labelled Secret.

## Proxies

\`HTTPS_PROXY\`, \`HTTP_PROXY\`, \`ALL_PROXY\` and \`NO_PROXY\` of the operator count for HTTP(S) remotes with both engines; they
must be \`http://\` or \`https://\` addresses. \`NO_PROXY\` takes hosts, domains, addresses, networks (\`10.0.0.0/8\`) and \`*\`.
SSH takes no proxy.

## What each engine does

Each line is a test that runs against a real \`git http-backend\` and a real \`sshd\`. A reason is an error that is meant; "–"
means that the case does not apply.
`;

const variants: Readonly<Record<Variant, string>> = {
  'embedded-http': 'embedded, HTTP',
  'native-http': 'native, HTTP',
  'native-ssh': 'native, SSH',
};

export function generateGitDocs(): GeneratedFile[] {
  const tables = Object.entries(gitCases).map(([title, cases]) => table(title, cases));
  return [{ path: 'docs/git.md', text: head + tables.join('') }];
}

function table(title: string, cases: readonly GitCase[]): string {
  const columns = Object.values(variants);
  const lines = [
    `| case | ${columns.join(' | ')} | |`,
    `| --- |${' --- |'.repeat(columns.length + 1)}`,
    ...cases.map((each) => `| ${each.name} | ${cellsOf(each).join(' | ')} | ${each.about} |`),
  ];
  return `\n### ${title}\n\n${lines.join('\n')}\n`;
}

function cellsOf({ outcomes }: GitCase): string[] {
  return (Object.keys(variants) as Variant[]).map((variant) => {
    const outcome = outcomes[variant];
    if (outcome === undefined) return '–';
    return outcome === 'works' ? 'works' : `\`${outcome.reason}\``;
  });
}

if (import.meta.main) await runGenerator(generateGitDocs);
