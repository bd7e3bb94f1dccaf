import pino from 'pino';
import type { Clock } from '../model/ports.ts';
import type { LogFields } from '../model/telemetry.ts';
import { maskFields, maskText } from './mask.ts';
import type { Metrics } from './metrics.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof logLevels)[number];

/** Takes whole lines, each ending in a newline. */
export interface LogDestination {
  write(line: string): unknown;
}

export interface LoggerOptions {
  /** `trace` is all there is. */
  readonly level: LogLevel | 'trace' | 'silent';
  readonly destination: LogDestination;
  readonly clock: Clock;
}

/** Writes one JSON line; what is secret is masked before pino sees it. */
export type Log = (level: LogLevel, fields: LogFields, message: string) => void;

/** JSON lines with `level`, `time` (RFC 3339 with milliseconds), the event's fields and `message`. */
export function createLog(options: LoggerOptions, metrics: Metrics): Log {
  const { level, destination, clock } = options;
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => void destination.write(line) },
  );
  return (at, fields, message) => {
    if (!logger.isLevelEnabled(at)) return;
    metrics.logLines.inc({ level: at });
    logger[at](maskFields(fields), maskText(message));
  };
}
