import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readHelm, readKustomize } from '../../../src/model/parse-source.ts';
import { substitute, variablesOf, withVariables } from '../../../src/source/render/variables.ts';
import { sourceSpec } from '../../fakes/source-spec.ts';
import { application } from '../stage.ts';

const revision = '0123456789abcdef0123456789abcdef01234567';
const source = sourceSpec({ repoURL: 'https://git.example.com/shop.git', path: 'apps/web', targetRevision: 'v1.x' });
const app = application({ name: 'web', namespace: 'argo', destinationNamespace: 'shop', source });
const variables = variablesOf(app, source, revision);

const texts: readonly [text: string, expected: string][] = [
  ['', ''],
  ['plain', 'plain'],
  ['$ARGOCD_APP_NAME', 'web'],
  ['${ARGOCD_APP_NAME}', 'web'],
  ['${ARGOCD_APP_NAME}-$EVENKEEL_APP_NAMESPACE.', 'web-shop.'],
  ['$ARGOCD_APP_PROJECT_NAME', 'default'],
  ['$ARGOCD_APP_REVISION', revision],
  ['$ARGOCD_APP_REVISION_SHORT', '0123456'],
  ['$ARGOCD_APP_REVISION_SHORT_8', '01234567'],
  ['$ARGOCD_APP_SOURCE_PATH', 'apps/web'],
  ['$ARGOCD_APP_SOURCE_REPO_URL', 'https://git.example.com/shop.git'],
  ['$ARGOCD_APP_SOURCE_TARGET_REVISION', 'v1.x'],
  ['$EVENKEEL_APP_REVISION_SHORT_8', '01234567'],
  ['$ARGOCD_APP_NAMEx', ''],
  ['$HOME|${HOME}|$argocd_app_name', '||'],
  ['$ARGOCD_APP_toString|$ARGOCD_APP_', '|'],
  ['$$ARGOCD_APP_NAME', '$ARGOCD_APP_NAME'],
  ['$$$ARGOCD_APP_NAME', '$web'],
  ['${$}', '$'],
  ['a$', 'a$'],
  ['a$ b$/c', 'a$ b$/c'],
  ['${}x', 'x'],
  ['${ARGOCD_APP_NAME', 'ARGOCD_APP_NAME'],
  ['$1$2y$10$abc', 'y0'],
  ['$*$#$@$!$?$-', ''],
  ['${a b}x', 'x'],
  ['größe$ARGOCD_APP_NAMEß', 'größewebß'],
];

describe('substitution', () => {
  for (const [text, expected] of texts) {
    test(JSON.stringify(text), () => assert.equal(substitute(text, variables), expected));
  }
});

const variable = '$ARGOCD_APP_NAME';

describe('a source with variables', () => {
  test('has them in images, labels and flagged annotations', () => {
    const options = { images: [`nginx:${variable}`], commonLabels: { [variable]: variable }, namePrefix: variable };
    const annotated = { ...options, commonAnnotations: { a: '$EVENKEEL_APP_NAMESPACE$UNKNOWN' } };
    const plain = withVariables({ ...source, kustomize: readKustomize(annotated) }, variables);
    assert.deepEqual(
      plain.source.kustomize,
      readKustomize({ ...annotated, images: ['nginx:web'], commonLabels: { [variable]: 'web' } }),
    );
    assert.deepEqual([...plain.used], ['NAME']);
    const flagged = { ...annotated, commonAnnotationsEnvsubst: true };
    const { source: substituted, used } = withVariables({ ...source, kustomize: readKustomize(flagged) }, variables);
    assert.deepEqual(substituted.kustomize?.commonAnnotations, { a: 'shop' });
    assert.deepEqual([...used].toSorted(), ['NAME', 'NAMESPACE']);
  });

  test('has them in Helm parameters and in the names of files', () => {
    const helm = {
      releaseName: variable,
      values: variable,
      valuesObject: { a: variable },
      parameters: [{ name: variable, value: `x-${variable}`, forceString: true }],
      fileParameters: [{ name: variable, path: `files/${variable}` }],
      valueFiles: [`values-${variable}.yaml`, `$other/${variable}.yaml`, '$elsewhere/a.yaml'],
    };
    const { source: substituted } = withVariables({ ...source, helm: readHelm(helm) }, variables, new Set(['other']));
    assert.deepEqual(
      substituted.helm,
      readHelm({
        ...helm,
        parameters: [{ name: variable, value: 'x-web', forceString: true }],
        fileParameters: [{ name: variable, path: 'files/web' }],
        valueFiles: ['values-web.yaml', '$other/web.yaml', '/a.yaml'],
      }),
    );
  });

  test('uses none when it names none', () => {
    const { source: substituted, used } = withVariables({ ...source, kustomize: readKustomize({}) }, variables);
    assert.deepEqual(substituted, { ...source, kustomize: readKustomize({}) });
    assert.equal(used.size, 0);
  });
});
