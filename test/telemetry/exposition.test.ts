import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { Exposition } from '../../src/telemetry/exposition.ts';

/** One metric of each type, with values of every sort. */
function filled(): { readonly registry: Registry; readonly gauge: Gauge<'path'> } {
  const registry = new Registry();
  const registers = [registry];
  const gauge = new Gauge({ name: 'depth', help: 'Of a \\ path,\nin metres.', labelNames: ['path'], registers });
  gauge.set({ path: 'a "quoted" \\ one\nand more' }, 1.5);
  gauge.set({ path: 'high' }, Number.POSITIVE_INFINITY);
  gauge.set({ path: 'low' }, Number.NEGATIVE_INFINITY);
  new Gauge({ name: 'plain', help: 'No labels.', registers }).set(1e21);
  new Counter({ name: 'made_total', help: 'Made.', labelNames: ['by', 'of'], registers }).inc(
    { by: 'me', of: 'it' },
    3,
  );
  const histogram = new Histogram({ name: 'took', help: 'Took.', labelNames: ['how'], buckets: [1, 2], registers });
  for (const seconds of [0.5, 1.5, 9]) histogram.observe({ how: 'so' }, seconds);
  return { registry, gauge };
}

describe('the exposition of metrics', () => {
  it('is what prom-client writes', async () => {
    const { registry } = filled();
    assert.equal(await new Exposition(registry).text(), await registry.metrics());
  });

  it('has what a metric collects when it is asked', async () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    assert.match(await new Exposition(registry).text(), /^process_resident_memory_bytes [1-9]\d+$/m);
  });

  it('follows values and series that come and go', async () => {
    const { registry, gauge } = filled();
    const exposition = new Exposition(registry);
    await exposition.text();
    gauge.inc({ path: 'a "quoted" \\ one\nand more' });
    gauge.set({ path: 'new' }, 7);
    gauge.remove({ path: 'high' });
    const text = await exposition.text();
    assert.equal(text, await registry.metrics());
    assert.match(text, /^depth\{path="new"\} 7$/m);
    assert.doesNotMatch(text, /path="high"/);
  });

  it('writes what is no number as Prometheus reads it', async () => {
    const { registry, gauge } = filled();
    gauge.set({ path: 'unknown' }, Number.NaN);
    assert.match(await new Exposition(registry).text(), /^depth\{path="unknown"\} NaN$/m);
  });
});
