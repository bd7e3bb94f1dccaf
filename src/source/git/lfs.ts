import type { LargeFile } from './engine.ts';

/** The most that a pointer has, by the specification of Git LFS. */
const maxPointerBytes = 1_024;

/** What a file is that Git LFS left in the place of its content; undefined for any other file. */
export function readPointer(bytes: Uint8Array): LargeFile | undefined {
  if (bytes.length > maxPointerBytes) return undefined;
  const text = Buffer.from(bytes).toString('utf8');
  if (!text.startsWith('version https://git-lfs.github.com/spec/')) return undefined;
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size ([0-9]{1,15})$/m.exec(text)?.[1];
  return oid === undefined || size === undefined ? undefined : { oid, size: Number(size) };
}

/** The pointer as Git LFS writes it. */
export function writePointer({ oid, size }: LargeFile): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
}
