import { Registry } from 'prom-client';
import type { Telemetry } from '../model/telemetry.ts';
import { applicationEvents } from './application-events.ts';
import { connectionEvents } from './connection-events.ts';
import { driftEvents } from './drift-events.ts';
import { initialiseSeries } from './initial-series.ts';
import type { LoggerOptions } from './logger.ts';
import { createLog } from './logger.ts';
import { addNodeMetrics, createMetrics } from './metrics.ts';
import { processEvents } from './process-events.ts';

export type { LogDestination, LogLevel } from './logger.ts';
export { maskLogLine } from './mask.ts';
export { metricDefinitions } from './metrics.ts';
export type { MetricDefinition } from './metrics.ts';
export { serveTelemetry } from './server.ts';
export type { Readiness, TelemetryServer, TelemetryServerOptions } from './server.ts';

export interface TelemetryOptions extends LoggerOptions {
  readonly build: { readonly version: string; readonly commit: string };
  /** Also report the process (CPU, memory, event loop, garbage collection). For the operator itself; not for tests. */
  readonly nodeMetrics: boolean;
}

/** What `Telemetry` promises, and where its metrics can be read. */
export interface OperatorTelemetry extends Telemetry {
  readonly registry: Registry;
}

/** Starts nothing and opens nothing: lines go to `destination`, metrics into a registry of their own. */
export function createTelemetry(options: TelemetryOptions): OperatorTelemetry {
  const registry = new Registry();
  const metrics = createMetrics(registry);
  initialiseSeries(metrics);
  metrics.buildInfo.set({ version: options.build.version, commit: options.build.commit }, 1);
  if (options.nodeMetrics) addNodeMetrics(registry);

  const parts = { metrics, log: createLog(options, metrics), clock: options.clock };
  return {
    registry,
    ...applicationEvents(parts),
    ...driftEvents(parts),
    ...connectionEvents(parts),
    ...processEvents(parts),
  };
}
