/** A backfill as a process of its own, to be killed: prints a line of JSON after each batch and at its end. */
import { runBackfill } from '../../../src/migrate/backfill/run.ts';
import { openSession } from '../../../src/migrate/session.ts';

const [databaseUrl = '', name = ''] = process.argv.slice(2);
const tell = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const session = await openSession(databaseUrl);
await session.watcher.query('set role stoa_owner');
const record = await runBackfill({
  worker: session.worker,
  watcher: session.watcher,
  name,
  onBatch: ({ rows }) => tell({ rows }),
});
tell({ state: record?.state ?? 'taken' });
await session.close();
