import type { Application } from '../../model/application.ts';
import { isSuspended } from '../../model/application.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import { liftHold } from './hold.ts';
import type { Ports } from '../ports.ts';
import { terminate } from './terminate.ts';

/**
 * The Application as this run has to take it, after what has to be served before anything is compared.
 * Throws OperatorError for one that cannot be acted on.
 */
export async function begin(key: ApplicationKey, ports: Ports, signal: AbortSignal): Promise<Application | undefined> {
  const app = ports.applications.read(key);
  if (app === undefined) return undefined;
  if (app.request?.terminate === true) await terminate(app, ports);
  if (!isSuspended(app, ports.clock.now())) await liftHold(app, ports, signal);
  return ports.applications.read(key);
}
