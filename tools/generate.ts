import { metricDefinitions } from '../src/telemetry/telemetry.ts';
import { generateCrds } from './generate-crds.ts';
import { generateDashboards } from './generate-dashboards.ts';
import { generateErrorsDocs } from './generate-errors-docs.ts';
import { generateGitDocs } from './generate-git-docs.ts';
import { generateHealthDocs } from './generate-health-docs.ts';
import { generateHealthRules } from './generate-health-rules.ts';
import { generateInstall } from './generate-install.ts';
import { generateLimitsDocs } from './generate-limits-docs.ts';
import { metricsPage } from './generate-metrics-docs.ts';
import { generateSettingsDocs } from './generate-settings-docs.ts';
import { runGenerator, type GeneratedFile } from './generated-file.ts';

/** Everything that needs nothing but the sources. */
export function generateFromSources(): GeneratedFile[] {
  return [
    ...generateCrds(),
    ...generateDashboards(),
    ...generateErrorsDocs(),
    ...generateGitDocs(),
    ...generateHealthRules(),
    ...generateHealthDocs(),
    ...generateLimitsDocs(),
    ...generateSettingsDocs(),
    { path: 'docs/metrics.md', text: metricsPage(metricDefinitions()) },
  ];
}

// `--check` compares only (exit code 1: a file differs); `--without-helm` leaves out what needs the helm binary.
// Helm reads the chart from disk, so the chart comes first.
if (import.meta.main) {
  await runGenerator(generateFromSources);
  if (!process.argv.includes('--without-helm')) await runGenerator(generateInstall);
}
