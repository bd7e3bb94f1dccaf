import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { assessWith, compileHealthChecks, createHealthRules, describeCheckError } from '../../src/health/health.ts';
import { matchesPattern } from '../../src/health/health-rule.ts';
import type { Health, HealthCheck } from '../../src/model/health.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

const about = { apiVersion: 'example.org/v1', kind: 'Widget' };

function widget(parts: JsonObject = {}, labels: JsonObject = {}): KubeObject {
  return { ...about, metadata: { name: 'blue', namespace: 'shop', generation: 2, labels }, ...parts };
}

function judge(check: Partial<HealthCheck>, object: KubeObject): Health | undefined {
  const { rules, errors } = compileHealthChecks([{ ...about, ...check }], 'checks');
  assert.deepEqual(errors, []);
  return assessWith(rules, object);
}

function problemsOf(check: Partial<HealthCheck>): string[] {
  const { rules, errors } = compileHealthChecks([{ ...about, ...check }], 'spec.healthChecks');
  assert.deepEqual(rules, []);
  return errors.map(describeCheckError);
}

describe('a health check', () => {
  it('gives the status of the first expression that is true, whatever order they are written in', () => {
    const verdict = judge({ current: 'true', inProgress: 'true', failed: 'false' }, widget());
    assert.equal(verdict?.status, 'Progressing');
    assert.equal(judge({ missing: 'true', unknown: 'true' }, widget())?.status, 'Missing');
    assert.equal(judge({ suspended: 'true', current: 'true' }, widget())?.status, 'Suspended');
  });

  it('says nothing when none is true, and about other kinds and names', () => {
    assert.equal(judge({ failed: 'false' }, widget()), undefined);
    assert.equal(judge({ failed: 'true', kind: 'Gadget' }, widget()), undefined);
    assert.equal(judge({ failed: 'true', apiVersion: 'example.com/v1' }, widget()), undefined);
    assert.equal(judge({ failed: 'true', name: 'red' }, widget()), undefined);
    assert.equal(judge({ failed: 'true', name: 'blue' }, widget())?.status, 'Degraded');
    assert.equal(judge({ failed: 'true', apiVersion: '*.org/v9', kind: 'W*' }, widget())?.status, 'Degraded');
  });

  it('takes a missing field for untrue, and a field of null too', () => {
    const check = { failed: 'object.status.phase == "Broken"', current: 'object.status.items[0] == "x"' };
    assert.equal(judge(check, widget()), undefined);
    assert.equal(judge(check, widget({ status: null })), undefined);
    assert.equal(judge(check, widget({ status: { phase: 'Broken' } }))?.status, 'Degraded');
  });

  it('says in its own words why, or else in those of the object', () => {
    const status = { conditions: [{ type: 'Ready', status: 'False', reason: 'Full', message: 'no room' }] };
    assert.equal(judge({ failed: 'true' }, widget({ status }))?.message, 'Full: no room');
    const message = '"phase of " + object.metadata.name';
    assert.equal(judge({ failed: 'true', message }, widget({ status }))?.message, 'phase of blue');
    const broken = { failed: 'true', message: 'object.status.nothing' };
    assert.equal(judge(broken, widget({ status }))?.message, 'Full: no room');
  });

  it('reads with the functions whatever a field holds', () => {
    const status = { n: '3', list: 7, phase: 4, ok: true, conditions: [{ type: 'Ready', status: true }, null] };
    const object = widget({ status, metadata: { name: 'blue', generation: 2, annotations: { 'a.b/c': 'd' } } });
    const expressions = [
      'count("status.n") == 3 && count("status.list") == 7 && count("status.none") == 0',
      'size(list("status.list")) == 0 && size(list("status.conditions")) == 2 && size(values("status")) == 5',
      'text("status.phase") == "4" && text("status.list.deep") == "" && text("status.ok").lower() == "true"',
      'flag("status.ok") && !flag("status.n") && given("status.n") && !given("status.none")',
      'isTrue("Ready") && !isFalse("Ready") && condition("Ready").reason == "" && condition("Else").type == ""',
      'conditions().exists(c, c.type == "Ready") && explain("Ready") == "Ready is True" && explain("Else") == ""',
      'list("status.conditions").exists(c, text(c, "type") == "Ready") && annotation("a.b/c") == "d"',
      '!stale() && unobserved() && generic() == "Healthy"',
    ];
    for (const current of expressions) assert.equal(judge({ current }, object)?.status, 'Healthy', current);
  });

  it('makes an object Unknown when it fails, and says where', () => {
    const verdict = judge({ failed: 'false', inProgress: 'true &&\n int(object.metadata.name) > 1' }, widget());
    assert.equal(verdict?.status, 'Unknown');
    assert.match(verdict.message, /^health check failed: checks\[0\]\.inProgress: line 2, column 2: /);
    assert.match(judge({ failed: 'object.metadata.name' }, widget())?.message ?? '', /yields string where bool is/);
  });
});

describe('a health check that cannot be used', () => {
  it('is refused with the place of each mistake', () => {
    assert.deepEqual(problemsOf({ failed: '1 +', current: 'true', message: '3' }), [
      'spec.healthChecks[0].failed: line 1, column 4: Unexpected token: EOF',
      'spec.healthChecks[0].message: line 1, column 1: yields int where string is wanted',
    ]);
    assert.match(problemsOf({ failed: 'true ||\n  nothing(1)' })[0] ?? '', /line 2, column \d+: .*nothing/);
    assert.match(problemsOf({ failed: 'other.status' })[0] ?? '', /line 1, column 1: /);
  });

  it('is refused when its cost could not be bounded', () => {
    assert.match(problemsOf({ failed: 'object.a.matches("(a+)+$")' })[0] ?? '', /matches is not available/);
    assert.match(problemsOf({ failed: 'cel.bind(x, "a", x == x)' })[0] ?? '', /cel\.bind is not available/);
    const nested = `${'['.repeat(60)}1${']'.repeat(60)} == []`;
    assert.match(problemsOf({ failed: nested })[0] ?? '', /depth/i);
    assert.match(problemsOf({ failed: Array(600).fill('true').join(' && ') })[0] ?? '', /node/i);
    assert.match(problemsOf({ failed: `${Array(40).fill('"a"').join(' + ')} == ""` })[0] ?? '', /additions/);
  });
});

describe('the cost of a health check', () => {
  const hungry: Record<string, string> = {
    'nested loops': 'object.l.all(a, object.l.all(b, object.l.all(c, a + b + c >= 0)))',
    'loops over what loops made': 'object.l.map(a, object.l).all(l, l.all(a, object.l.all(b, a + b >= 0)))',
    'texts that double': `["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]${'.map(t, t + t)'.repeat(24)}.exists(t, t == "")`,
    'lists that double': `[[1]]${'.map(l, l + l)'.repeat(24)}.exists(l, size(l) == 1)`,
    filters: 'object.l.filter(a, object.l.filter(b, object.l.exists(c, a + b + c < 0)).size() > 0).size() > 0',
  };
  const l = Array.from({ length: 2_000 }, (_, i) => i);

  for (const [name, failed] of Object.entries(hungry)) {
    it(`is bounded: ${name}`, () => {
      const verdict = judge({ failed }, widget({ l }));
      assert.equal(verdict?.status, 'Unknown');
      assert.match(verdict.message, /took more than 10000 steps/);
    });
  }

  it('is counted anew for each object', () => {
    const { rules } = compileHealthChecks([{ ...about, failed: 'object.l.all(a, a >= 0)' }], 'checks');
    for (let i = 0; i < 20; i += 1) assert.equal(assessWith(rules, widget({ l }))?.status, 'Degraded');
  });
});

describe('rules of users', () => {
  const partOf = 'app.kubernetes.io/part-of';
  const ruled = (status: 'failed' | 'suspended', kind = 'Widget', apiVersion = about.apiVersion) =>
    compileHealthChecks([{ apiVersion, kind, [status]: 'true' }], 'checks').rules;

  it('come before those that are built in, and those of the Application before those of the cluster', () => {
    const health = createHealthRules(partOf);
    const object = widget({}, { [partOf]: 'one' });
    assert.equal(health.assess(object).status, 'Healthy');
    health.setClusterRules(ruled('failed'));
    assert.equal(health.assess(object).status, 'Degraded');
    health.setApplicationRules('one', ruled('suspended'));
    assert.equal(health.assess(object).status, 'Suspended');
    assert.equal(health.assess(widget({}, { [partOf]: 'two' })).status, 'Degraded');
    health.setApplicationRules('one', []);
    assert.equal(health.assess(object).status, 'Degraded');
    health.setClusterRules(ruled('failed', 'Pod', 'v1'));
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, status: { phase: 'Succeeded' } };
    assert.equal(health.assess(pod).status, 'Degraded');
  });

  it('leave what is being deleted Progressing', () => {
    const health = createHealthRules();
    health.setClusterRules(ruled('failed'));
    const metadata = { name: 'blue', deletionTimestamp: '2026-03-01T10:00:00Z' };
    assert.equal(health.assess({ ...about, metadata }).status, 'Progressing');
  });

  it('make a kind of Kubernetes be watched in full, and tell which kinds are to be judged anew', () => {
    const health = createHealthRules();
    const told: boolean[][] = [];
    const end = health.onChange((isAffected) =>
      told.push(['ConfigMap', 'Secret'].map((kind) => isAffected({ group: '', kind }))),
    );
    assert.ok(!health.needsStatus({ group: '', kind: 'ConfigMap' }));
    health.setClusterRules(ruled('failed', 'ConfigMap', 'v1'));
    assert.ok(health.needsStatus({ group: '', kind: 'ConfigMap' }));
    health.setClusterRules([]);
    assert.ok(!health.needsStatus({ group: '', kind: 'ConfigMap' }));
    end();
    health.setClusterRules(ruled('failed'));
    assert.deepEqual(told, [
      [true, false],
      [true, false],
    ]);
  });
});

describe('matchesPattern', () => {
  it('is a regular expression with .* for each star', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        const expected = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(text);
        assert.equal(matchesPattern(pattern, text), expected);
      }),
    );
  });
});
