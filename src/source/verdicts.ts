import type { SshKey } from './public-keys.ts';

/** What a signature is worth. `key`: `SHA256:…` of an SSH key, the fingerprint of an OpenPGP primary key. */
export type Verdict =
  | { readonly kind: 'good'; readonly key: string; readonly signer: string }
  /** A clause without its full stop; names the key that was seen. */
  | { readonly kind: 'bad'; readonly reason: string };

/** How we call the keys of an allowed_signers file. */
export function signerName(index: number): string {
  return `key-${index}`;
}

/** Reads what ssh-keygen printed; `keys` in the order of their names. */
export function sshVerdict(code: number | null, printed: string, keys: readonly SshKey[]): Verdict {
  const good = /^Good "git" signature for key-([0-9]+) with \S+ key (SHA256:\S+)$/m.exec(printed);
  if (code === 0 && good !== null) {
    const [, index, key = ''] = good;
    const owner = keys[Number(index)]?.owner ?? '';
    return { kind: 'good', key, signer: owner === '' ? key : owner };
  }
  // The signature fits, whoever made it.
  const unknown = /^Good "git" signature with \S+ key (SHA256:\S+)$/m.exec(printed);
  if (unknown !== null) return bad(`it is signed by the SSH key ${unknown[1] ?? ''}, which is not a known key now`);
  if (/incorrect signature/.test(printed)) return bad('its SSH signature is not one of this content');
  return bad(`its SSH signature cannot be verified: ${lastLine(printed)}`);
}

/** Status lines of gpg that end the matter; the first field behind each is the id of the key. */
const pgpFaults: Record<string, (key: string) => string> = {
  NO_PUBKEY: (key) => `it is signed by the OpenPGP key ${key}, which is not a known key`,
  BADSIG: (key) => `its signature by the OpenPGP key ${key} is not one of this content`,
  REVKEYSIG: (key) => `it is signed by the OpenPGP key ${key}, which was revoked`,
  EXPKEYSIG: (key) => `it is signed by the OpenPGP key ${key}, which has expired`,
  EXPSIG: (key) => `its signature by the OpenPGP key ${key} has expired`,
  ERRSIG: (key) => `its signature by the OpenPGP key ${key} cannot be verified`,
};

/** Reads the status lines of gpg. */
export function pgpVerdict(code: number | null, printed: string): Verdict {
  const statuses = statusesIn(printed);
  const signatures = statuses.filter(({ word }) => word === 'NEWSIG').length;
  if (signatures > 1) return bad('it has several OpenPGP signatures');
  const good = statuses.find(({ word }) => word === 'GOODSIG');
  const valid = statuses.find(({ word }) => word === 'VALIDSIG');
  if (code === 0 && good !== undefined && valid !== undefined) {
    return { kind: 'good', key: valid.fields.at(-1) ?? '', signer: good.fields.slice(1).join(' ') };
  }
  for (const [word, reason] of Object.entries(pgpFaults)) {
    const found = statuses.find((status) => status.word === word);
    if (found !== undefined) return bad(reason(found.fields[0] ?? ''));
  }
  return bad(`its OpenPGP signature cannot be verified: ${lastLine(printed)}`);
}

function statusesIn(printed: string): { readonly word: string; readonly fields: readonly string[] }[] {
  return printed.split('\n').flatMap((line) => {
    if (!line.startsWith('[GNUPG:] ')) return [];
    const [, word = '', ...fields] = line.split(' ');
    return [{ word, fields }];
  });
}

function bad(reason: string): Verdict {
  return { kind: 'bad', reason };
}

function lastLine(printed: string): string {
  return printed.split('\n').at(-1) ?? '';
}
