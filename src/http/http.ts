import type * as NodeHttp from 'node:http';
import { createRequire } from 'node:module';
import methods from 'undici/lib/api/index.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';

/**
 * HTTP without what nobody here asks for. All of undici brings a `fetch`, caches and web sockets, and so does an `import` of
 * `node:http`, which has Node's own copy of them among its names: together a tenth of what an operator at rest takes.
 */

export { default as errors } from 'undici/lib/core/errors.js';
export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as Pool } from 'undici/lib/dispatcher/pool.js';
export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js';

export const { createServer } = createRequire(import.meta.url)('node:http') as typeof NodeHttp;

// As the index of undici does it: `request` and its like are not part of a dispatcher by itself.
Object.assign(Dispatcher.prototype, methods);
