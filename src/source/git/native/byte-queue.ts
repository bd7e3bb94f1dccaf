/** Bytes that arrive in pieces, taken by lines and by numbers. Throws when they end too early. */
export class ByteQueue {
  readonly #source: AsyncIterator<Buffer>;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Without the newline. */
  async line(): Promise<string> {
    for (;;) {
      const text = Buffer.concat(this.#pieces);
      const end = text.indexOf(0x0a);
      if (end >= 0) return (await this.take(end + 1)).toString('utf8', 0, end);
      if (text.length > 10_000) throw new Error('a line without end');
      await this.#more();
    }
  }

  async take(count: number): Promise<Buffer> {
    while (this.#length < count) await this.#more();
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [all.subarray(count)];
    this.#length = all.length - count;
    return all.subarray(0, count);
  }

  async #more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done === true) throw new Error('the program ended before it had answered');
    this.#pieces.push(next.value);
    this.#length += next.value.length;
  }
}
