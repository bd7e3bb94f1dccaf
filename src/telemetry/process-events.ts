import type { JsonValue } from '../model/json.ts';
import type { BrokenHealthRule, LogFields, Telemetry } from '../model/telemetry.ts';
import type { LogLevel } from './logger.ts';
import type { Parts } from './parts.ts';
import { quietly } from './parts.ts';

type ProcessEvents = Pick<
  Telemetry,
  'queueDepth' | 'leadership' | 'healthRuleBroken' | 'bug' | 'debug' | 'info' | 'warn'
>;

export function processEvents(parts: Parts): ProcessEvents {
  const { metrics, log } = parts;
  const at = (level: LogLevel) => quietly(parts, (fields: LogFields, message: string) => log(level, fields, message));
  return {
    queueDepth: quietly(parts, (waiting: number) => metrics.queueDepth.set(waiting)),
    leadership: quietly(parts, (isLeader: boolean) => {
      metrics.leader.set(isLeader ? 1 : 0);
      log('info', { leader: isLeader }, isLeader ? 'holds the Lease' : 'does not hold the Lease: writes nothing');
    }),
    healthRuleBroken: quietly(parts, ({ path, message }: BrokenHealthRule) => {
      metrics.healthRuleErrors.inc();
      log('warn', { rule: path }, `health rule ${path}: ${message}`);
    }),
    bug: quietly(parts, (error: unknown, where?: LogFields) => {
      metrics.bugs.inc();
      log('error', { ...where, error: describeError(error, 0) }, `unexpected error: ${messageOf(error)}`);
    }),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

const maxCauses = 5;

/** Name, message and stack, and the same of its causes; nothing else of an error, which may hold a whole response. */
function describeError(error: unknown, depth: number): JsonValue {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined || depth >= maxCauses ? {} : { cause: describeError(cause, depth + 1) }),
  };
}
