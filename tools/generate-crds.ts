import { stringify } from 'yaml';
import { crds, type Crd } from './crds/crds.ts';
import { runGenerator, type GeneratedFile } from './generated-file.ts';

const origin = '# Generated from src/model/application-schema.ts by tools/generate-crds.ts.';

/** The definitions as plain manifests, and as templates of the chart with its switches. */
export function generateCrds(): GeneratedFile[] {
  return crds().flatMap((crd) => [
    { path: `deploy/crds/${crd.plural}.yaml`, text: `${origin}\n${manifest(crd, '')}` },
    { path: `charts/evenkeel/templates/crds/${crd.plural}.yaml`, text: template(crd) },
  ]);
}

function manifest(crd: Crd, moreMetadata: string): string {
  const head = `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: ${crd.name}\n`;
  return `${head}${moreMetadata}${stringify({ spec: crd.spec }, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function template(crd: Crd): string {
  const metadata = [
    '  labels:',
    '    {{- include "evenkeel.labels" . | nindent 4 }}',
    '  {{- if .Values.crds.keep }}',
    '  annotations:',
    '    helm.sh/resource-policy: keep',
    '  {{- end }}',
    '',
  ].join('\n');
  const text = manifest(crd, metadata);
  if (text.replace(metadata, '').includes('{{')) throw new Error(`${crd.name}: the schema contains template syntax`);
  return `${origin}\n{{- if .Values.crds.install }}\n${text}{{- end }}\n`;
}

if (import.meta.main) await runGenerator(generateCrds);
