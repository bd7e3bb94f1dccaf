import { readFileSync } from 'node:fs';
import path from 'node:path';
import { settings } from '../src/config.ts';
import { defaultLimits, type Limits } from '../src/source/limits.ts';
import { repositoryRoot, runGenerator, type GeneratedFile } from './generated-file.ts';

const source = 'src/source/limits.ts';

/** Limits that a setting of the operator decides; the others are fixed. */
const movable: Partial<Record<keyof Limits, keyof typeof settings>> = {
  transferBytes: 'maxRepositorySize',
  unpackedBytes: 'maxRepositorySize',
  fetchMs: 'gitTimeout',
};

const head = `# What a repository may cost

Generated from ${source} by tools/generate-limits-docs.ts.

Repositories, charts and overlays come from strangers. One that costs more than a limit fails its own Application, with
the reason \`LimitExceeded\` and the limit's name in the message; what is deployed stays, and no other Application waits for
it longer than for its place.

git, kustomize, Helm, gpg and ssh-keygen are started by a small helper process (see
[decision 10](decisions/0010-helper-process.md)):

- Each runs in a process group of its own, with an environment that holds \`PATH\`, \`LANG\`, private \`HOME\` and \`TMPDIR\`,
  and what that one program needs. Nothing of the operator's environment, and no credential of the cluster, is in it.
- When it takes too long, prints too much, needs too much memory or writes too much, it is killed with everything that it
  started. What it left running when it ended is killed too.
- Memory, processes (at most 256) and files are looked at about twenty times a second, so that a limit may be passed for a
  moment. The size of a single file, open files (4096), core dumps (none) and processor time are limits of the kernel.
- \`HOME\` and \`TMPDIR\` may hold 1 GiB together, and are removed after each run.
- When the operator ends, however it ends, so does the helper, and everything it started.

Files that a render reads are written to a folder of their own, never as links. Paths with \`..\`, absolute ones, \`.git\` in
any case, control characters (a newline above all), names that are not UTF-8 or longer than 255 bytes are refused, and the
message names the file escaped.

| limit | default | of what | setting |
| --- | --- | --- | --- |
`;

/** What the interface says of each limit; one comment may stand for several that follow it. */
function meaningsIn(text: string): Map<string, string> {
  const meanings = new Map<string, string>();
  let meaning = '';
  for (const [, comment, name] of text.matchAll(/\/\*\* (.*?) \*\/|^ {2}readonly (\w+): number;/gm)) {
    if (comment !== undefined) meaning = comment;
    if (name !== undefined) meanings.set(name, meaning);
  }
  return meanings;
}

function shown(name: string, value: number): string {
  if (name.endsWith('Ms')) return `${value / 1000} s`;
  return name.endsWith('Bytes') ? `${value / 2 ** 20} MiB` : value.toLocaleString('en');
}

export function generateLimitsDocs(): GeneratedFile[] {
  const meanings = meaningsIn(readFileSync(path.join(repositoryRoot, source), 'utf8'));
  const rows = (Object.keys(defaultLimits) as (keyof Limits)[]).map((name) => {
    const meaning = meanings.get(name);
    if (meaning === undefined) throw new Error(`${source}: ${name} has no comment`);
    const setting = movable[name];
    const fallback = setting === undefined ? shown(name, defaultLimits[name]) : settings[setting].fallback;
    const variable = setting === undefined ? '' : `\`${settings[setting].variable}\``;
    return `| \`${name}\` | ${fallback} | ${meaning} | ${variable} |\n`;
  });
  return [{ path: 'docs/limits.md', text: head + rows.join('') }];
}

if (import.meta.main) await runGenerator(generateLimitsDocs);
