import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { metricDefinitions } from '../../src/telemetry/telemetry.ts';
import { metricsPage } from '../../tools/generate-metrics-docs.ts';
import { record } from './recorder.ts';

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

describe('docs/metrics.md', () => {
  it('is what the generator makes of the definitions', () => {
    assert.equal(page, metricsPage(metricDefinitions()));
  });

  it('has a row for each metric that is registered', () => {
    const registered = record().telemetry.registry.getMetricsAsArray();
    assert.ok(registered.length > 20);
    for (const { name } of registered) assert.ok(page.includes(`| \`${name}\` |`), name);
    assert.equal(metricDefinitions().length, registered.length);
  });
});

describe('metrics', () => {
  it('carry the prefix, base units and, as counters, _total', () => {
    for (const { name, type, help } of metricDefinitions()) {
      assert.match(name, /^evenkeel_[a-z_]+$/);
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      if (type === 'histogram') assert.match(name, /_seconds$/);
      assert.match(help, /^[A-Z0-9].*\.$/, name);
    }
  });

  it('exist before the first event: counters and histograms with 0', async () => {
    const { telemetry } = record();
    const text = await telemetry.registry.metrics();
    for (const { name, type } of metricDefinitions()) {
      if (type === 'gauge') continue;
      const sample = type === 'counter' ? name : `${name}_count`;
      assert.match(text, new RegExp(`^${sample}(\\{.*\\})? 0$`, 'm'), name);
    }
  });

  it('of two operators in one process are apart', async () => {
    const [one, other] = [record(), record()];
    one.telemetry.queueDepth(5);
    assert.equal(await one.value('evenkeel_queue_depth'), 5);
    assert.equal(await other.value('evenkeel_queue_depth'), 0);
  });
});
