import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dashboardExpressions, rows } from '../../deploy/dashboards/panels.ts';
import { metricDefinitions } from '../../src/telemetry/telemetry.ts';

const metrics = new Map(metricDefinitions().map((metric) => [metric.name, metric.labels]));

/** Labels of a series, with those that histograms have. */
function labelsOf(series: string): readonly string[] {
  const own = metrics.get(series) ?? metrics.get(series.replace(/_(bucket|sum|count)$/, ''));
  assert.ok(own !== undefined, `there is no metric ${series}`);
  return series.endsWith('_bucket') ? [...own, 'le'] : own;
}

test('the dashboard asks for metrics that exist, with labels that they have', () => {
  const asked = new Set<string>();
  for (const expression of dashboardExpressions('1m')) {
    for (const [series] of expression.matchAll(/evenkeel_[a-z_]+/g)) {
      const [, by] = /sum by \(([^)]*)\) \(/.exec(expression) ?? [];
      const unknown = (by?.split(', ') ?? []).filter((label) => !labelsOf(series).includes(label));
      assert.deepEqual(unknown, [], expression);
      asked.add(series);
    }
  }
  assert.ok(asked.size > 15);
});

test('every legend names a label that its expression keeps', () => {
  for (const { expr, legend } of rows.flatMap((row) => row.panels).flatMap((panel) => panel.queries)) {
    for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g)) {
      assert.match(expr, new RegExp(`(by|on) \\([^)]*\\b${label}\\b`), `${legend}: ${expr}`);
    }
  }
});

test('panels fill their rows', () => {
  for (const { title, panels } of rows) {
    const widths = panels.map(({ width }) => width);
    let used = 0;
    for (const width of widths) used = used + width > 24 ? width : used + width;
    assert.equal(used, 24, title);
  }
});
