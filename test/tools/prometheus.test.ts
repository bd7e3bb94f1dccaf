import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen } from '../../tools/listener.ts';
import { startPrometheus } from '../../tools/prometheus.ts';

test('prometheus: scrapes a target, answers queries and refuses what is no expression', async () => {
  await using target = await listen((_, response) => {
    response
      .setHeader('content-type', 'text/plain; version=0.0.4')
      .end('some_total{kind="a"} 3\nsome_total{kind="b"} 4\n');
  });
  const address = new URL(target.url).host;
  await using prometheus = await startPrometheus({ targets: [{ job: 'some', address, labels: { team: 'x' } }] });
  await prometheus.scraped('some');
  assert.deepEqual(await prometheus.query('sum by (team) (some_total)'), [{ labels: { team: 'x' }, value: 7 }]);
  await assert.rejects(prometheus.query('sum('), /parse error/);
});
