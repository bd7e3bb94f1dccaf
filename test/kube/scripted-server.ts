import type { ApiClient, Answer, Call } from '../../src/kube/client.ts';
import { errorOfAnswer } from '../../src/kube/errors.ts';
import type { HttpStream } from '../../src/kube/transport.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { decodeJson, encodeJson } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

/** One watch request that was accepted; what it tells is up to the test. */
export class ScriptedWatch {
  readonly parameters: URLSearchParams;
  readonly chunks: AsyncIterable<Buffer>;
  aborted = false;
  readonly #queue: (Buffer | Error | undefined)[] = [];
  #wake: () => void = () => undefined;

  constructor(path: string, signal: AbortSignal) {
    this.parameters = new URLSearchParams(path.slice(path.indexOf('?') + 1));
    this.chunks = this.#read();
    signal.addEventListener('abort', () => {
      this.aborted = true;
      this.#push(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    });
  }

  event(type: string, object: JsonObject): void {
    this.line(encodeJson({ type, object }));
  }

  /** The end of the initial events. */
  initialEnd(resourceVersion: string): void {
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    this.event('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion, annotations } });
  }

  line(text: string): void {
    this.#push(Buffer.from(`${text}\n`));
  }

  /** The connection is lost. */
  cut(): void {
    this.#push(new ApiError('the watch was cut', { kind: 'unavailable', status: 0 }));
  }

  /** The server ends it, as at its time-out. */
  end(): void {
    this.#push(undefined);
  }

  #push(item: Buffer | Error | undefined): void {
    this.#queue.push(item);
    this.#wake();
  }

  async *#read(): AsyncGenerator<Buffer> {
    for (;;) {
      while (this.#queue.length > 0) {
        const item = this.#queue.shift();
        if (item === undefined) return;
        if (item instanceof Error) throw item;
        yield item;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Stands in for the client of a reflector: watches are told by hand, lists are answered from `pages`. */
export class ScriptedServer implements Pick<ApiClient, 'call' | 'open'> {
  readonly watches: ScriptedWatch[] = [];
  readonly listPaths: string[] = [];
  /** Answers of the next lists, then empty ones. */
  readonly pages: (JsonObject | ApiError)[] = [];
  /** The next watch requests fail so. */
  readonly refusals: ApiError[] = [];
  /** Every request for a watch, refused ones too. */
  attempts = 0;

  get watch(): ScriptedWatch {
    const last = this.watches.at(-1);
    if (last === undefined) throw new Error('no watch was opened');
    return last;
  }

  call(call: Call): Promise<Answer> {
    this.listPaths.push(call.path);
    const page = this.pages.shift() ?? { metadata: { resourceVersion: '1' }, items: null };
    if (page instanceof ApiError) return Promise.reject(page);
    return Promise.resolve({ status: 200, etag: undefined, body: decodeJson(encodeJson(page)) });
  }

  open(call: Call, signal: AbortSignal): Promise<HttpStream> {
    this.attempts += 1;
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return Promise.reject(refusal);
    const watch = new ScriptedWatch(call.path, signal);
    this.watches.push(watch);
    return Promise.resolve({ chunks: watch.chunks });
  }
}

export function configMap(name: string, resourceVersion: string, uid = `uid-${name}`): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', uid, resourceVersion } };
}

/** A Status as the server sends it. */
export function refusal(status: number, message: string, more: JsonObject = {}): ApiError {
  return errorOfAnswer({ status, text: encodeJson({ kind: 'Status', message, code: status, ...more }) }, 0);
}
