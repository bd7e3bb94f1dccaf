import type { KubeTelemetry } from '../../src/kube/kube.ts';
import type { ApiRequest, Connection, ConnectionFailure } from '../../src/model/telemetry.ts';

/** Keeps what `kube/` told. */
export class RecordedTelemetry implements KubeTelemetry {
  readonly requests: ApiRequest[] = [];
  readonly failures: ConnectionFailure[] = [];
  readonly restored: Connection[] = [];
  readonly ended: Connection[] = [];
  readonly leaderships: boolean[] = [];
  readonly bugs: unknown[] = [];

  apiRequest(event: ApiRequest): void {
    this.requests.push(event);
  }

  connectionFailure(event: ConnectionFailure): void {
    this.failures.push(event);
  }

  connectionRestored(connection: Connection): void {
    this.restored.push(connection);
  }

  connectionEnded(connection: Connection): void {
    this.ended.push(connection);
  }

  leadership(isLeader: boolean): void {
    this.leaderships.push(isLeader);
  }

  bug(error: unknown): void {
    this.bugs.push(error);
  }

  debug(): void {
    // Nobody reads it.
  }
}
