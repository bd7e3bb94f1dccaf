import { OperatorError } from '../../model/errors.ts';
import { renderError, sourceError } from '../failures.ts';
import type { Limits } from '../limits.ts';
import type { Excess } from './helper-protocol.ts';
import type { Tool, ToolLimits } from './tools.ts';

/** Which limit somebody can raise; the others are the caller's or fixed. */
const renderLimits: Partial<Record<Excess | 'timeMs', keyof Limits>> = {
  timeMs: 'renderMs',
  cpuSeconds: 'renderMs',
  memoryBytes: 'renderMemoryBytes',
  outputBytes: 'renderBytes',
};

const texts: Record<Excess | 'timeMs', (limits: ToolLimits) => string> = {
  timeMs: ({ timeMs }) => `took longer than ${timeMs} ms`,
  cpuSeconds: () => 'took more processor time than its time limit allows',
  memoryBytes: ({ memoryBytes }) => `needed more than ${memoryBytes} bytes of memory`,
  outputBytes: ({ outputBytes }) => `printed more than ${outputBytes} bytes`,
  diskBytes: ({ diskBytes }) =>
    diskBytes === undefined ? 'wrote a file that is too large' : `wrote more than ${diskBytes} bytes`,
  privateBytes: () => 'wrote too much into its temporary folder',
  processes: () => 'started too many processes',
};

export function isRenderTool(tool: Tool): boolean {
  return tool === 'kustomize' || tool === 'helm';
}

export function overLimit(tool: Tool, what: Excess | 'timeMs', limits: ToolLimits): OperatorError {
  const limit = isRenderTool(tool) ? renderLimits[what] : undefined;
  const message = `${tool} ${texts[what](limits)}${limit === undefined ? '' : ` (limit ${limit})`}`;
  return isRenderTool(tool) ? renderError('LimitExceeded', message) : sourceError('LimitExceeded', message);
}

export function absent(tool: Tool): OperatorError {
  const message = `the program ${tool} is not there`;
  return isRenderTool(tool) ? renderError('ToolUnavailable', message) : sourceError('ToolUnavailable', message);
}

/** Nobody's fault but ours or the machine's: tried again soon. */
export function notRun(message: string): OperatorError {
  return new OperatorError(message, { step: 'render', reason: 'ToolUnavailable', retry: 'backoff' });
}

/** By a signal, and not by us: what it was to do may well be right, so it is no failure of the source. */
export function killed(tool: Tool): OperatorError {
  return notRun(`${tool} was killed by the system, most often because the memory of the operator's pod ran out`);
}
