/**
 * Whether a stream keeps the event loop alive. The pipes of a child process can be told so, but are typed as plain
 * streams; on anything that cannot, this does nothing.
 */
export function holdEventLoop(stream: object, hold: boolean): void {
  const method: unknown = Reflect.get(stream, hold ? 'ref' : 'unref');
  if (typeof method === 'function') Reflect.apply(method, stream, []);
}
