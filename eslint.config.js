import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Arrows point one way: demo -> nest -> transports, auth, engine -> bayeux. */
const onlyFrom = (folder, ...allowed) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(?:\\.\\./)+(?!${['\\.\\./', ...allowed.map((name) => `${name}/`)].join('|')})(?:bayeux|transports|auth|engine|nest|push|client|demo|index)`,
            message: `src/${folder} imports only from ${[folder, ...allowed].join(', ')}.`,
          },
          ...(['bayeux', 'client'].includes(folder)
            ? [{ regex: '^(?!\\.)', message: `src/${folder} imports nothing from outside.` }]
            : []),
          ...(folder !== 'nest' && folder !== 'push'
            ? [{ regex: '^@nestjs/', message: 'Only src/nest and src/push know Nest.' }]
            : []),
        ],
      },
    ],
  },
});

export default tseslint.config(
  {
    ignores: [
      'dist',
      'dist-demo',
      'dist-soak',
      'dist-siege',
      'dist-bench',
      'coverage',
      'test-results',
      'test/consumer',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [importX.createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'] } })],
    },
    rules: {
      'import-x/no-cycle': 'error',
      // Modules and DTOs of Nest are classes without members of their own.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowEmpty: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unbound-method': 'off',
      // Hooks of the application may answer, or return nothing.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Nest types its options as classes and has everybody pass plain objects.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Marked as deprecated only to make it stand out; it is what permits an issuer over plain HTTP in development.
      '@typescript-eslint/no-deprecated': [
        'error',
        { allow: [{ from: 'package', package: 'openid-client', name: 'allowInsecureRequests' }] },
      ],
    },
  },
  onlyFrom('bayeux'),
  onlyFrom('client'),
  onlyFrom('engine', 'bayeux'),
  onlyFrom('auth', 'bayeux'),
  onlyFrom('transports', 'bayeux', 'auth'),
  onlyFrom('nest', 'bayeux', 'auth', 'engine', 'transports'),
  onlyFrom('push', 'nest', 'auth', 'bayeux'),
  {
    files: ['demo/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ regex: '/src/(?!index\\.js$)', message: 'It uses the library as its users do.' }],
        },
      ],
    },
  },
);
