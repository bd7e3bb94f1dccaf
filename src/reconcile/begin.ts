import type { Application } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Ports } from './ports.ts';
import { terminate } from './terminate.ts';

/**
 * The Application as this run has to take it, after what has to be served before anything is compared.
 * Throws OperatorError for one that cannot be acted on.
 */
export async function begin(key: ApplicationKey, ports: Ports): Promise<Application | undefined> {
  const app = ports.applications.read(key);
  if (app === undefined || app.request?.terminate !== true) return app;
  await terminate(app, ports);
  return ports.applications.read(key);
}
