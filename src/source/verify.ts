import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { sourceError } from './failures.ts';
import { isPgpKey, parseSshKey, type SshKey } from './public-keys.ts';
import { absent } from './tools/tool-failures.ts';
import type { Tool, ToolResult, ToolRun, Tools } from './tools/tools.ts';
import { pgpVerdict, signerName, sshVerdict, type Verdict } from './verdicts.ts';
import type { PlacedFile, Workspace, Workspaces } from './workspace.ts';

export { readPublicKeys } from './public-keys.ts';
export type { Verdict } from './verdicts.ts';

export interface SignedObject {
  /** As Git stores it, without the header: what the revision's id is the hash of. */
  readonly object: Uint8Array;
  readonly kind: 'commit' | 'tag';
  readonly objectFormat: 'sha1' | 'sha256';
  /** As `readPublicKeys` gives them. */
  readonly keys: readonly string[];
}

export interface VerifyTools {
  readonly tools: Tools;
  readonly workspaces: Workspaces;
}

const limits = { timeMs: 30_000, memoryBytes: 512 * 1024 * 1024, outputBytes: 1024 * 1024 };

/** Nobody is asked, nothing is fetched, and no agent is started; whom to trust is for the list of keys to say. */
const gpgConfiguration = `batch
no-tty
no-autostart
disable-dirmngr
no-auto-key-retrieve
no-auto-key-locate
trust-model always
`;

/**
 * Whether one of the keys signed the object, as native git says.
 *
 * Guarantees: git sees these keys and no others; nothing of it is left afterwards, no gpg-agent either. A key that has
 * expired or was revoked makes the signature bad, as git has it.
 * Assumption: the caller has compared the object with the id of the revision.
 * Throws OperatorError: ToolUnavailable (git, gpg, ssh-keygen), SignatureInvalid when the keys cannot be read.
 */
export async function verifySignature(
  signed: SignedObject,
  { tools, workspaces }: VerifyTools,
  signal: AbortSignal,
): Promise<Verdict> {
  const format = signatureFormat(signed);
  if (format === 'none') return { kind: 'bad', reason: `the ${signed.kind} is not signed` };
  if (format === 'other') {
    return {
      kind: 'bad',
      reason: `the ${signed.kind} has a signature that is neither SSH nor OpenPGP (X.509 is not supported)`,
    };
  }
  const program = format === 'ssh' ? 'ssh-keygen' : 'gpg';
  // Git's own words for a program that is not there read like those for a bad signature.
  if ((await tools.version(program)) === undefined) throw absent(program);
  await using workspace = await workspaces.create();
  const run = runIn(workspace, tools, signal);
  const owners = sshKeysOf(signed.keys);
  const oid = await placeRepository(signed, owners, workspace, signal);
  if (format === 'openpgp') await importPgpKeys(signed.keys.filter(isPgpKey), run);
  const { code, stderr } = await run('git', [`verify-${signed.kind}`, '--raw', oid]);
  return format === 'ssh' ? sshVerdict(code, stderr, owners) : pgpVerdict(code, stderr);
}

type Run = (tool: Tool, args: readonly string[], stdin?: Uint8Array) => Promise<ToolResult>;

function runIn({ folder }: Workspace, tools: Tools, signal: AbortSignal): Run {
  const env = {
    GIT_DIR: join(folder, 'repository'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GNUPGHOME: join(folder, 'gnupg'),
  };
  const hide = [{ text: `${folder}/`, by: '' }];
  return async (tool, args, stdin) => {
    const run: ToolRun = { tool, args, cwd: folder, env, limits, hide, ...(stdin === undefined ? {} : { stdin }) };
    return await tools.run(run, signal);
  };
}

function sshKeysOf(keys: readonly string[]): readonly SshKey[] {
  return keys.flatMap((key) => (isPgpKey(key) ? [] : (parseSshKey(key) ?? [])));
}

/** A bare repository that holds the one object, and is told of the keys; returns the object's id. */
async function placeRepository(
  { object, kind, objectFormat }: SignedObject,
  keys: readonly SshKey[],
  workspace: Workspace,
  signal: AbortSignal,
): Promise<string> {
  const stored = Buffer.concat([Buffer.from(`${kind} ${object.length}\0`), object]);
  const oid = createHash(objectFormat).update(stored).digest('hex');
  const config = [
    '[core]\n\trepositoryFormatVersion = 1\n\tbare = true',
    `[extensions]\n\tobjectFormat = ${objectFormat}`,
    `[gpg "ssh"]\n\tallowedSignersFile = ${JSON.stringify(join(workspace.folder, 'allowed_signers'))}\n`,
  ];
  // Each key has a name of ours: what ssh-keygen prints then says which one it was.
  const signers = keys.map(({ options, key }, index) => `${signerName(index)} ${options} ${key}\n`);
  await workspace.place(
    [
      file('repository/HEAD', 'ref: refs/heads/main\n'),
      file('repository/config', config.join('\n')),
      file('repository/refs/.keep', ''),
      file(`repository/objects/${oid.slice(0, 2)}/${oid.slice(2)}`, deflateSync(stored)),
      file('allowed_signers', signers.join('')),
      file('gnupg/gpg.conf', gpgConfiguration),
    ],
    signal,
  );
  return oid;
}

function file(path: string, content: string | Uint8Array): PlacedFile {
  return { path, bytes: () => Promise.resolve(typeof content === 'string' ? Buffer.from(content) : content) };
}

async function importPgpKeys(keys: readonly string[], run: Run): Promise<void> {
  if (keys.length === 0) return;
  const { code, stderr } = await run('gpg', ['--import'], Buffer.from(`${keys.join('\n')}\n`));
  if (code !== 0) throw sourceError('SignatureInvalid', `the OpenPGP keys cannot be read: ${stderr}`);
}

type SignatureFormat = 'none' | 'ssh' | 'openpgp' | 'other';

/** By the same marks as git: a header of a commit, the last armour in a tag. Only git's verdict counts; this prepares it. */
function signatureFormat({ object, kind, objectFormat }: SignedObject): SignatureFormat {
  const text = Buffer.from(object).toString('latin1');
  const armour = kind === 'commit' ? commitSignature(text, objectFormat) : tagSignature(text);
  if (armour === undefined) return 'none';
  if (armour.startsWith('-----BEGIN SSH SIGNATURE-----')) return 'ssh';
  return /^-----BEGIN PGP (SIGNATURE|MESSAGE)-----/.test(armour) ? 'openpgp' : 'other';
}

function commitSignature(text: string, objectFormat: 'sha1' | 'sha256'): string | undefined {
  const header = objectFormat === 'sha1' ? 'gpgsig ' : 'gpgsig-sha256 ';
  const [headers = ''] = text.split('\n\n', 1);
  const line = headers.split('\n').find((candidate) => candidate.startsWith(header));
  return line?.slice(header.length);
}

function tagSignature(text: string): string | undefined {
  return [...text.matchAll(/^-----BEGIN (?:SSH SIGNATURE|PGP SIGNATURE|PGP MESSAGE|SIGNED MESSAGE)-----/gm)].at(
    -1,
  )?.[0];
}
