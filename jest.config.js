const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: [
    '<rootDir>/dist',
    '<rootDir>/dist-demo',
    '<rootDir>/dist-soak',
    '<rootDir>/dist-siege',
    '<rootDir>/dist-bench',
    '<rootDir>/bench',
  ],
};

/** @type {import('jest').Config} */
export default {
  projects: [
    {
      ...shared,
      displayName: 'node',
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/'],
    },
    {
      ...shared,
      displayName: 'browser',
      testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
      globalSetup: '<rootDir>/test/e2e/support/find-browser.js',
    },
  ],
  // One more than processors, as tests with real clients and browsers mostly wait: on two processors the whole run took
  // 388 s with two workers, and 341 s with three.
  maxWorkers: 3,
  // Modules of a test file stay in the memory of its worker after its end, and collecting garbage among many takes longer
  // than the tests. A worker that holds more than this is followed by a new one.
  workerIdleMemoryLimit: '700MB',
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/index.ts'],
  // Reached only by what hangs: a busy machine takes its time, and tests that promise to be quick say so themselves.
  testTimeout: 120_000,
};
