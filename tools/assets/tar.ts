const BLOCK = 512;
const REGULAR_FILE = new Set(['0', '\0']);

export interface TarFile {
  readonly name: string;
  /** Must be read, or left alone, before the next file is asked for. */
  readonly content: AsyncIterable<Buffer>;
}

/** The regular files of an uncompressed ustar stream, one after the other; throws when it ends in the middle of one. */
export async function* filesOfTar(bytes: AsyncIterable<Buffer>): AsyncGenerator<TarFile> {
  const reader = new BlockReader(bytes);
  for (;;) {
    const header = await reader.exactly(BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const size = Number.parseInt(field(header, 124, 12), 8) || 0;
    const content = reader.upTo(size);
    if (REGULAR_FILE.has(String.fromCharCode(header[156] ?? 0))) yield { name: nameIn(header), content };
    await drain(content);
    await reader.exactly((BLOCK - (size % BLOCK)) % BLOCK);
  }
}

/** Reads to the end; returns how many bytes nobody had wanted. */
async function drain(content: AsyncIterable<Buffer>): Promise<number> {
  let skipped = 0;
  for await (const part of content) skipped += part.length;
  return skipped;
}

function nameIn(header: Buffer): string {
  const prefix = field(header, 257, 5) === 'ustar' ? field(header, 345, 155) : '';
  const name = field(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function field(header: Buffer, start: number, length: number): string {
  const text = header.toString('latin1', start, start + length);
  const end = text.indexOf('\0');
  return (end < 0 ? text : text.slice(0, end)).trim();
}

class BlockReader {
  readonly #source: AsyncIterator<Buffer, unknown>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Buffer>) {
    this.#source = bytes[Symbol.asyncIterator]();
  }

  async exactly(size: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.upTo(size)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** The next bytes; iterating again, or after a break, goes on where the last iteration stopped. */
  upTo(size: number): AsyncIterable<Buffer> {
    let left = size;
    const next = async (): Promise<Buffer | undefined> => {
      if (left === 0) return undefined;
      if (this.#rest.length === 0) this.#rest = await this.#more();
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      return part;
    };
    return {
      async *[Symbol.asyncIterator]() {
        for (let part = await next(); part !== undefined; part = await next()) yield part;
      },
    };
  }

  async #more(): Promise<Buffer> {
    const next = await this.#source.next();
    if (next.done === true) throw new Error('the archive ends too early');
    return next.value;
  }
}
