import type { Telemetry } from '../model/telemetry.ts';

/** The part of telemetry that this folder tells. */
export type KubeTelemetry = Pick<
  Telemetry,
  'apiRequest' | 'connectionFailure' | 'connectionRestored' | 'connectionEnded' | 'leadership' | 'bug' | 'debug'
>;
