import { evenkeelDashboard } from '../deploy/dashboards/evenkeel.ts';
import { runGenerator, type GeneratedFile } from './generated-file.ts';

/** The dashboard for people who import it, and the same for the chart. */
export function generateDashboards(): GeneratedFile[] {
  const text = `${JSON.stringify(evenkeelDashboard(), undefined, 2)}\n`;
  return [
    { path: 'deploy/dashboards/evenkeel.json', text },
    { path: 'charts/evenkeel/files/dashboards/evenkeel.json', text },
  ];
}

if (import.meta.main) await runGenerator(generateDashboards);
