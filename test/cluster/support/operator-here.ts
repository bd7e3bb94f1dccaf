import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { readConfig } from '../../../src/config.ts';
import type { Clock } from '../../../src/model/ports.ts';
import { startOperator } from '../../../src/operator.ts';
import { settingsInCluster } from '../../../tools/operator-process.ts';
import type { World } from '../../../tools/world.ts';

const home = 'evenkeel';

/**
 * The operator in this process, on a clock of the test, with the settings of the installed Deployment and the token of the
 * chart's ServiceAccount. Its log goes to `operator.log` in the folder of the control plane.
 */
export async function startOperatorHere({ plane }: World, clock: Clock): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { args, environment } = await settingsInCluster(plane, home, home);
  const dataFolder = path.join(plane.folder, 'operator-data');
  await mkdir(dataFolder, { recursive: true });
  const log = createWriteStream(path.join(plane.folder, 'operator.log'));
  stack.defer(() => finished(log.end()));
  const own = {
    KUBECONFIG: await plane.tokenKubeconfig(await plane.serviceAccountToken(home, home)),
    EVENKEEL_DATA_DIR: dataFolder,
    EVENKEEL_HTTP_ADDRESS: '127.0.0.1:0',
  };
  const config = readConfig({ ...environment, ...own }, args);
  stack.use(await startOperator(config, { clock, random: Math.random, log, renders: 2, processMetrics: false }));
  return stack.move();
}
