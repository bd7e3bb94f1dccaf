import type { MetricObjectWithValues, MetricValue, MetricValueWithName, Registry } from 'prom-client';

type Labels = MetricValue<string>['labels'];

/**
 * Prometheus' text format, version 0.0.4, of what a registry has.
 *
 * In place of prom-client's own `Registry.metrics()`: that writes the labels of every series anew at each scrape, a block
 * of the event loop as long as twenty series per Application are many. Here they are written once for each value set.
 */
export class Exposition {
  readonly #registry: Registry;
  /** Texts by the labels that the registry holds. */
  readonly #texts = new WeakMap<Labels, string>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  async text(): Promise<string> {
    const metrics = await this.#registry.getMetricsAsJSON();
    return `${metrics.map((metric) => this.#metric(metric)).join('\n\n')}\n`;
  }

  #metric({ name, help, type, values }: MetricObjectWithValues<MetricValueWithName<string>>): string {
    const lines = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`];
    for (const { metricName = name, labels, value } of values)
      lines.push(`${metricName}${this.#labelled(labels)} ${written(value)}`);
    return lines.join('\n');
  }

  #labelled(labels: Labels): string {
    const known = this.#texts.get(labels);
    if (known !== undefined) return known;
    const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapedLabel(value)}"`);
    const text = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    this.#texts.set(labels, text);
    return text;
  }
}

function written(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapedLabel(value: string | number | undefined): string {
  return escaped(String(value)).replaceAll('"', '\\"');
}
