import { readFileSync } from 'node:fs';
import type { Replica } from './replicas.ts';

const mebi = 2 ** 20;

/** Of one process, right after its garbage was collected. */
export interface MemorySample {
  readonly atMinutes: number;
  /** Resident, as the operating system counts it. */
  readonly residentMiB: number;
  /** Objects, and buffers outside of the heap. */
  readonly usedMiB: number;
}

/** A straight line through the samples, and what it means. */
export interface Trend {
  readonly kibPerMinute: number;
  readonly percentPerHour: number;
  /** From the first to the last sample, along the line, in percent of the line's beginning. */
  readonly growthPercent: number;
}

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize?: number;
}

/** Collects the garbage of the process by its inspector, so that what remains is in use. */
export async function sampleMemory({ process, inspectorPort }: Replica, atMinutes: number): Promise<MemorySample> {
  const targets = (await (await fetch(`http://127.0.0.1:${inspectorPort}/json/list`)).json()) as Target[];
  const url = targets[0]?.webSocketDebuggerUrl;
  if (url === undefined) throw new Error('the process has no inspector');
  using inspector = await openInspector(url);
  for (let pass = 0; pass < 3; pass += 1) await inspector.call('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize = 0 } = (await inspector.call('Runtime.getHeapUsage')) as HeapUsage;
  const status = readFileSync(`/proc/${process.child.pid}/status`, 'utf8');
  const residentKiB = Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1]);
  return { atMinutes, residentMiB: residentKiB / 1024, usedMiB: (usedSize + backingStorageSize) / mebi };
}

interface Target {
  readonly webSocketDebuggerUrl: string;
}

interface Inspector extends Disposable {
  call(method: string): Promise<unknown>;
}

async function openInspector(url: string): Promise<Inspector> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')), { once: true });
  });
  let last = 0;
  return {
    call: (method) => {
      const id = (last += 1);
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const read = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (message.id !== id) return;
        socket.removeEventListener('message', read);
        resolve(message.result);
      };
      socket.addEventListener('message', read);
      socket.send(JSON.stringify({ id, method }));
      return promise;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

/** Least squares. */
export function trendOf(samples: readonly MemorySample[], part: 'residentMiB' | 'usedMiB'): Trend {
  const meanAt = meanOf(samples.map(({ atMinutes }) => atMinutes));
  const mean = meanOf(samples.map((sample) => sample[part]));
  const spread = samples.reduce((sum, { atMinutes }) => sum + (atMinutes - meanAt) ** 2, 0);
  const together = samples.reduce((sum, sample) => sum + (sample.atMinutes - meanAt) * (sample[part] - mean), 0);
  const perMinute = spread === 0 ? 0 : together / spread;
  const [first, last] = [samples.at(0)?.atMinutes ?? 0, samples.at(-1)?.atMinutes ?? 0];
  const begin = mean + perMinute * (first - meanAt);
  return {
    kibPerMinute: perMinute * 1024,
    percentPerHour: ((perMinute * 60) / mean) * 100,
    growthPercent: ((perMinute * (last - first)) / begin) * 100,
  };
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

export function describeTrend({ kibPerMinute, percentPerHour, growthPercent }: Trend): string {
  return `${kibPerMinute.toFixed(0)} KiB/min, ${percentPerHour.toFixed(1)} %/h, ${growthPercent.toFixed(1)} % in all`;
}
