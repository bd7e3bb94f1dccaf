import { sourceError } from './failures.ts';

/** A line of OpenSSH, taken apart. */
export interface SshKey {
  /** Whose it is, as the line says: its principals, or else its comment; empty when it says nothing. */
  readonly owner: string;
  /** Of an allowed_signers line: `namespaces="git",valid-before="20300101"`. */
  readonly options: string;
  /** Type and base64. */
  readonly key: string;
}

const sshLine =
  /^(?<before>.*?)(?<key>(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)[ \t]+[A-Za-z0-9+/]{16,}={0,2})(?:[ \t]+(?<comment>.*))?$/;
const allowedSigner = /^(?<principals>"[^"]*"|\S+)[ \t]+(?:(?<options>\S.*?)[ \t]+)?$/;
const pgpBlock = /-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g;

export function isPgpKey(key: string): boolean {
  return key.startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----');
}

/** undefined when the line is neither a public key nor an allowed_signers line. */
export function parseSshKey(line: string): SshKey | undefined {
  const parts = sshLine.exec(line)?.groups;
  if (parts === undefined) return undefined;
  const { before = '', key = '', comment = '' } = parts;
  return before === '' ? { owner: comment.trim(), options: '', key } : parseSigner(before, key);
}

function parseSigner(before: string, key: string): SshKey | undefined {
  const { principals, options = '' } = allowedSigner.exec(before)?.groups ?? {};
  return principals === undefined ? undefined : { owner: principals, options, key };
}

/**
 * The public keys of a Secret; each of its values is a file with any number of them. Each result is one armoured OpenPGP
 * block, or one line of OpenSSH.
 *
 * Throws OperatorError SignatureInvalid for what is no such file (a private key above all), without repeating its content.
 */
export function readPublicKeys(data: Record<string, Buffer>, name: string): readonly string[] {
  const keys = Object.entries(data).flatMap(([file, bytes]) =>
    keysIn(bytes.toString('utf8'), `Secret ${name}: ${file}`),
  );
  if (keys.length === 0) throw sourceError('SignatureInvalid', `Secret ${name}: holds no public key`);
  return keys;
}

function keysIn(text: string, where: string): readonly string[] {
  const refuse = (why: string): never => {
    throw sourceError('SignatureInvalid', `${where} ${why}`);
  };
  if (/-----BEGIN [A-Z ]*PRIVATE KEY/.test(text)) refuse('holds a private key; put the public one there');
  if (text.includes('-----BEGIN CERTIFICATE')) refuse('holds an X.509 certificate; only SSH and OpenPGP are supported');
  const blocks = text.match(pgpBlock) ?? [];
  const rest = text.replaceAll(pgpBlock, '');
  const lines = blocks.length > 0 ? [] : rest.split(/\r?\n/).map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  for (const [index, key] of keys.entries()) {
    const parsed = parseSshKey(key);
    if (parsed === undefined) refuse(`holds neither armoured OpenPGP keys nor lines of OpenSSH (key ${index + 1})`);
    if (parsed?.options.includes('cert-authority') === true)
      refuse('holds a certificate authority, which is not supported');
  }
  return [...blocks, ...keys];
}
