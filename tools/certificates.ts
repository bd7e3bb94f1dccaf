import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import {
  bitString,
  boolean,
  explicit,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  tagged,
  text,
  time,
} from './der.ts';

/** A certificate and its private key, both PEM. */
export interface Credential {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface CertificateRequest {
  /** The user's name, for a client certificate. */
  readonly commonName: string;
  /** The user's groups, for a client certificate. */
  readonly organizations?: readonly string[];
  /** Host names and addresses of a server; 127.0.0.1, ::1 and localhost when left out. */
  readonly hosts?: readonly string[];
}

/** A throw-away authority with P-256 keys: RSA handshakes would cost more than the requests that follow them. */
export interface CertificateAuthority {
  readonly certPem: string;
  readonly keyPem: string;
  issue(request: CertificateRequest): Credential;
}

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

const HOUR_MS = 3_600_000;
const LIFETIME_MS = 365 * 24 * HOUR_MS;
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '::1'];

/** Bits of KeyUsage, RFC 5280 4.2.1.3: the octet with its number of unused bits before it. */
const SIGNS_CERTIFICATES = Buffer.from([0x01, 0x86]);
const SIGNS_HANDSHAKES = Buffer.from([0x07, 0x80]);

export function createAuthority(commonName: string): CertificateAuthority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name: nameOf(commonName, []), key: privateKey, keyId: keyIdOf(publicKey) };
  const extensions = [
    extension(OID.basicConstraints, sequence(boolean(true)), true),
    extension(OID.keyUsage, tagged(0x03, SIGNS_CERTIFICATES), true),
    extension(OID.subjectKeyId, octetString(issuer.keyId)),
  ];
  return {
    certPem: certificate(issuer, { name: issuer.name, publicKey, extensions }),
    keyPem: pemOf(privateKey),
    issue: (request) => issueFor(issuer, request),
  };
}

interface Issuer {
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly keyId: Buffer;
}

function issueFor(issuer: Issuer, request: CertificateRequest): Credential {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [
    extension(OID.basicConstraints, sequence(), true),
    extension(OID.keyUsage, tagged(0x03, SIGNS_HANDSHAKES), true),
    extension(OID.extendedKeyUsage, sequence(objectId(OID.serverAuth), objectId(OID.clientAuth))),
    extension(OID.subjectAltName, sequence(...(request.hosts ?? LOOPBACK_HOSTS).map(generalName))),
    extension(OID.subjectKeyId, octetString(keyIdOf(publicKey))),
    extension(OID.authorityKeyId, sequence(tagged(0x80, issuer.keyId))),
  ];
  const name = nameOf(request.commonName, request.organizations ?? []);
  return { certPem: certificate(issuer, { name, publicKey, extensions }), keyPem: pemOf(privateKey) };
}

/** RFC 5280 4.1. */
function certificate(
  issuer: Issuer,
  subject: { name: Buffer; publicKey: KeyObject; extensions: readonly Buffer[] },
): string {
  const algorithm = sequence(objectId(OID.ecdsaWithSha256));
  const now = Date.now();
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    issuer.name,
    sequence(time(new Date(now - HOUR_MS)), time(new Date(now + LIFETIME_MS))),
    subject.name,
    spkiOf(subject.publicKey),
    explicit(3, sequence(...subject.extensions)),
  );
  const der = sequence(body, algorithm, bitString(sign('sha256', body, { key: issuer.key, dsaEncoding: 'der' })));
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function nameOf(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (id: string, value: string) => set(sequence(objectId(id), text(value)));
  return sequence(
    ...organizations.map((organization) => attribute(OID.organization, organization)),
    attribute(OID.commonName, commonName),
  );
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(objectId(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function generalName(host: string): Buffer {
  if (isIPv4(host)) return tagged(0x87, Buffer.from(host.split('.').map(Number)));
  if (isIPv6(host)) return tagged(0x87, addressBytes(host));
  return tagged(0x82, Buffer.from(host, 'latin1'));
}

function addressBytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** Positive and unpredictable; the first byte keeps it from being read as negative or as shorter. */
function serialNumber(): Buffer {
  return Buffer.concat([Buffer.from([0x40]), randomBytes(15)]);
}

function keyIdOf(publicKey: KeyObject): Buffer {
  return createHash('sha1').update(spkiOf(publicKey)).digest();
}

function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function pemOf(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}
