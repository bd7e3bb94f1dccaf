import type { Clock } from '../../src/model/ports.ts';
import { Exposition } from '../../src/telemetry/exposition.ts';
import type { LogLevel, OperatorTelemetry } from '../../src/telemetry/telemetry.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';

/** A clock that stands until it is moved. */
export class HandClock implements Clock {
  #now = Date.UTC(2026, 2, 1, 10);

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(): () => void {
    throw new Error('telemetry waits for nothing');
  }

  move(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly message: string };

export interface Recorder {
  readonly telemetry: OperatorTelemetry;
  readonly clock: HandClock;
  readonly lines: LogLine[];
  /** Value of one series; undefined when there is none. Labels in any order. */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number | undefined>;
  /** All series of one metric: labels as text → value. */
  readonly series: (name: string) => Promise<Readonly<Record<string, number>>>;
}

export function record(level: LogLevel = 'debug'): Recorder {
  const clock = new HandClock();
  const lines: LogLine[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as LogLine) };
  const build = { version: '1.2.3', commit: 'abc' };
  const telemetry = createTelemetry({ level, destination, clock, build, nodeMetrics: false });
  const exposition = new Exposition(telemetry.registry);
  const series = async (name: string) => readSeries(await exposition.text(), name);
  return {
    telemetry,
    clock,
    lines,
    series,
    value: async (name, labels = {}) => (await series(name))[labelText(labels)],
  };
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return pairs.sort().join(',');
}

/** Reads Prometheus text: what a scraper would see, not what the library holds. */
function readSeries(text: string, name: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match?.[1] !== name) continue;
    const labels = (match[2] ?? '').match(/[a-z_]+="(?:[^"\\]|\\.)*"/g) ?? [];
    found[[...labels].sort().join(',')] = Number(match[3]);
  }
  return found;
}
