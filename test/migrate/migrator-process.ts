/** A migrator as a process of its own: prints its events and its outcome as lines of JSON. */
import { migrateUp } from '../../src/migrate/up.ts';

const [databaseUrl = '', root = ''] = process.argv.slice(2);
const tell = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

try {
  tell({ type: 'result', ...(await migrateUp({ databaseUrl, root, onEvent: tell })) });
} catch (error) {
  tell({ type: 'failure', message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
