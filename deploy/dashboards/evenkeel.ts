import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { PanelData } from './panels.ts';
import { namespacesExpression, rows } from './panels.ts';

const datasource = { type: 'prometheus', uid: '${datasource}' };

/*
 * The classic form of a dashboard, which the SDK calls deprecated: Grafana's sidecar and every Grafana in use read it,
 * the newer form only the newest ones.
 */
/* eslint-disable @typescript-eslint/no-deprecated */

/** The dashboard as Grafana imports it. */
export function evenkeelDashboard(): Dashboard {
  const builder = new DashboardBuilder('Evenkeel')
    .uid('evenkeel')
    .description('What is in sync, what is healthy, who changes objects in the cluster, and how fast it is put back.')
    .tags(['evenkeel', 'gitops'])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(namespaceVariable());
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(draw(panel));
  }
  return builder.build();
}
/* eslint-enable @typescript-eslint/no-deprecated */

function namespaceVariable(): QueryVariableBuilder {
  return new QueryVariableBuilder('namespace')
    .label('Namespace')
    .datasource(datasource)
    .query(namespacesExpression)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: 'All', value: '$__all' });
}

const heights = { stat: 5, lines: 8, table: 8 } as const;

function draw(panel: PanelData): Builder<Panel> {
  switch (panel.kind) {
    case 'stat':
      return described(new StatBuilder(), panel);
    case 'lines':
      return described(new LinesBuilder().fillOpacity(10).min(0), panel);
    case 'table':
      return described(new TableBuilder(), panel);
  }
}

/** What all kinds of panels share. */
type AnyPanelBuilder = StatBuilder | LinesBuilder | TableBuilder;

function described(builder: AnyPanelBuilder, panel: PanelData): Builder<Panel> {
  builder.title(panel.title).description(panel.description).unit(panel.unit).datasource(datasource);
  builder.span(panel.width).height(heights[panel.kind]);
  panel.queries.forEach(({ expr, legend }, index) => {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .expr(expr)
      .legendFormat(legend);
    builder.withTarget(panel.kind === 'table' ? query.instant().format(PromQueryFormat.Table) : query.range());
  });
  return builder;
}
