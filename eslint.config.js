import tseslint from 'typescript-eslint';

/** The budgets of CONTRIBUTING.md: what a reader can hold in mind at once. */
const budgets = {
  'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true, IIFEs: true }],
  'max-params': ['error', 4],
  complexity: ['error', 10],
  'max-depth': ['error', 3],
};

/** Pure tables: long because the world they list is long. */
const tables = ['src/model/application-schema.ts', 'src/model/reasons.ts', 'src/health/rules/rules.generated.ts'];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '*.config.js', '.dependency-cruiser.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...budgets,
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'let the event loop empty' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  { files: tables, rules: { 'max-lines': 'off' } },
  { files: ['tools/test-deadline.ts'], rules: { 'no-console': 'off', 'no-restricted-properties': 'off' } },
  {
    files: ['src/**'],
    ignores: [
      'src/main.ts',
      'src/cli/main.ts',
      'src/source/tools/helper-main.ts',
      'src/source/worker-main.ts',
      'src/health/lua-worker-main.ts',
      'src/jq/jq-worker-main.ts',
    ],
    rules: {
      'no-restricted-globals': ['error', { name: 'process', message: 'only entry files touch the process' }],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:process', message: 'only entry files touch the process' }] },
      ],
    },
  },
  {
    files: ['test/**'],
    rules: {
      'max-lines-per-function': 'off',
      // node:test returns a promise from test() and describe() that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              name: ['test', 'describe', 'it', 'before', 'after', 'beforeEach', 'afterEach', 'suite'],
              package: 'node:test',
            },
          ],
        },
      ],
    },
  },
);
