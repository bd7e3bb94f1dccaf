import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { gitUnavailable } from '../../failures.ts';
import { limitExceeded, type Limits } from '../../limits.ts';

export interface PackFacts {
  readonly objects: number;
  /** Of all objects as they are when deltas are applied. */
  readonly unpackedBytes: number;
}

const offsetDelta = 6;
const refDelta = 7;
const trailerBytes = 20;

/**
 * Walks a pack before anything is made of it: number and size of its objects against the limits, every object no larger
 * than it says, checksum right. A zip bomb ends here after at most `unpackedBytes`.
 * Throws OperatorError: LimitExceeded, or GitUnavailable when the pack is damaged.
 */
export function inspectPack(pack: Buffer, remote: string, limits: Limits): PackFacts {
  if (pack.length < 12 + trailerBytes || pack.toString('latin1', 0, 4) !== 'PACK' || pack.readUInt32BE(4) !== 2) {
    throw gitUnavailable(`${remote}: sent no pack of version 2`);
  }
  const checksum = createHash('sha1').update(pack.subarray(0, -trailerBytes)).digest();
  if (!checksum.equals(pack.subarray(-trailerBytes)))
    throw gitUnavailable(`${remote}: sent a pack that is cut or damaged`);
  const objects = pack.readUInt32BE(8);
  if (objects > limits.gitObjects) throw limitExceeded(`${remote}: ${objects} files and folders`, 'gitObjects', limits);
  let unpackedBytes = 0;
  let at = 12;
  for (let i = 0; i < objects; i++) {
    const object = readObject(pack, at, { remote, limits, room: limits.unpackedBytes - unpackedBytes });
    unpackedBytes += object.size;
    if (unpackedBytes > limits.unpackedBytes)
      throw limitExceeded(`${remote}: the unpacked commit`, 'unpackedBytes', limits);
    at = object.end;
  }
  return { objects, unpackedBytes };
}

interface Check {
  readonly remote: string;
  readonly limits: Limits;
  /** Bytes left of the limit on everything. */
  readonly room: number;
}

function readObject(pack: Buffer, start: number, check: Check): { size: number; end: number } {
  const header = readHeader(pack, start);
  if (header.size > check.limits.blobBytes)
    throw limitExceeded(`${check.remote}: one object`, 'blobBytes', check.limits);
  if (header.size > check.room)
    throw limitExceeded(`${check.remote}: the unpacked commit`, 'unpackedBytes', check.limits);
  const { data, consumed } = inflateExactly(pack.subarray(header.end, -trailerBytes), header.size, check.remote);
  const isDelta = header.type === offsetDelta || header.type === refDelta;
  const size = isDelta ? header.size + deltaResultSize(data) : header.size;
  if (size > check.limits.blobBytes) throw limitExceeded(`${check.remote}: one object`, 'blobBytes', check.limits);
  return { size, end: header.end + consumed };
}

/** Type and inflated size of an object, and where its compressed bytes begin. */
function readHeader(pack: Buffer, start: number): { type: number; size: number; end: number } {
  let at = start;
  let byte = pack[at++] ?? 0;
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  for (let scale = 16; byte >= 0x80; scale *= 128) {
    byte = pack[at++] ?? 0;
    size += (byte & 0x7f) * scale;
  }
  if (type === refDelta) at += 20;
  if (type === offsetDelta) while ((pack[at++] ?? 0) >= 0x80);
  return { type, size, end: at };
}

function inflateExactly(input: Buffer, size: number, remote: string): { data: Buffer; consumed: number } {
  try {
    const chunkSize = Math.min(Math.max(size, 64), 1024 * 1024);
    const result: unknown = inflateSync(input, { info: true, maxOutputLength: Math.max(size, 1), chunkSize });
    if (isInflated(result) && result.buffer.length === size) {
      return { data: result.buffer, consumed: result.engine.bytesWritten };
    }
  } catch (error) {
    throw gitUnavailable(`${remote}: sent an object that is damaged, or larger than it says`, error);
  }
  throw gitUnavailable(`${remote}: sent an object that is smaller than it says`);
}

/** What `inflateSync` gives with `info`, which its types do not say. */
function isInflated(value: unknown): value is { buffer: Buffer; engine: { bytesWritten: number } } {
  return typeof value === 'object' && value !== null && 'buffer' in value && 'engine' in value;
}

/** A delta begins with the sizes of its base and of its result. */
function deltaResultSize(delta: Buffer): number {
  let at = 0;
  while ((delta[at++] ?? 0) >= 0x80);
  let size = 0;
  let byte = 0x80;
  for (let scale = 1; byte >= 0x80; scale *= 128) {
    byte = delta[at++] ?? 0;
    size += (byte & 0x7f) * scale;
  }
  return size;
}
