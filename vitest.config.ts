import { defineConfig } from 'vitest/config';
import { openScratchFolder } from './test/harness/scratch-folder.ts';

openScratchFolder();

/**
 * The whole suite runs on the newest supported PostgreSQL; what depends on the server runs again on the oldest.
 * `STOA_TEST_POSTGRES_MAJOR=15` runs everything on that one instead, `STOA_TEST_DATABASE_URL` on a server that
 * exists, `STOA_TEST_POSTGRES=testcontainers` in a container.
 *
 * What depends on the server: every function of the schema (a body is first read when it runs) and every plan; what the
 * engine of the migrations asks the catalog, the locks and rewrites that it measures, and how concurrent builds end.
 */
const dependsOnTheServer = [
  'test/sql/**/*.test.ts',
  'test/migrate/**/*.test.ts',
  'test/auth/**/*.test.ts',
  'test/api/smoke.test.ts',
  'test/api/round-trips.test.ts',
];

/** The command line over what is repeated, files and texts without a server, and what is counted the same on each. */
const dependsOnStoaAlone = [
  'test/migrate/**/command.test.ts',
  'test/migrate/{load,split}.test.ts',
  'test/migrate/backfill/{add-a-column,declaration,pace}.test.ts',
  'test/migrate/objects/new.test.ts',
  'test/migrate/plan/api-changes.test.ts',
  'test/auth/{mailer,password-hashes,secret-box,secrets-in-logs,throttling,totp}.test.ts',
];

const isOneServer =
  process.env['STOA_TEST_DATABASE_URL'] !== undefined ||
  process.env['STOA_TEST_POSTGRES'] === 'testcontainers' ||
  process.env['STOA_TEST_POSTGRES_MAJOR'] !== undefined;

const shared = {
  globalSetup: ['test/harness/global-setup.ts'],
  setupFiles: ['test/harness/each-file.ts'],
  // Loading what a file imports costs a second, and the schema of the API is built once for all files of a worker.
  isolate: false,
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // A process that is waited for may take its time on a busy machine.
  expect: { poll: { timeout: 30_000 } },
};

const everything = ['test/**/*.test.ts'];

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default', './test/reporter.ts'],
    projects: isOneServer
      ? [{ test: { ...shared, name: 'server', include: everything } }]
      : [
          { test: { ...shared, name: 'pg18', include: everything } },
          {
            test: {
              ...shared,
              name: 'pg15',
              include: dependsOnTheServer,
              exclude: dependsOnStoaAlone,
            },
          },
        ],
  },
});
