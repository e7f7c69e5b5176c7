import { bootstrap } from '../../src/migrate/bootstrap.ts';
import { migrateUp } from '../../src/migrate/index.ts';
import { loadMigrations } from '../../src/migrate/load.ts';
import { migrateQueue } from '../../src/migrate/queue.ts';
import { projectRoot } from '../../src/migrate/root.ts';
import { splitStatements } from '../../src/migrate/split.ts';
import { runsInTransaction } from '../../src/migrate/traits.ts';
import { resolveModules } from '../../src/modules.ts';
import { connectOwner } from '../../src/postgres/owner.ts';
import type { Bench } from '../harness/bench.ts';
import { alternate } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';

const replay: Bench = {
  summary: 'Every migration into an empty database, and the same files replayed as psql would.',
  async run({ server, rounds }) {
    const migrations = await loadMigrations(projectRoot, resolveModules());
    const files = await Promise.all(
      migrations.map(async ({ file, up }) => {
        const statements = await splitStatements(up.text, { path: file, line: up.line });
        return {
          text: up.text,
          statements,
          isWhole: statements.every(({ node }) => runsInTransaction(node)),
        };
      }),
    );
    let made = 0;
    const inNewDatabase = async (work: (url: string) => Promise<unknown>): Promise<number> => {
      made += 1;
      const name = `replay_${made}`;
      const { url } = await server.emptyDatabase(name);
      try {
        const begun = performance.now();
        await work(url);
        return performance.now() - begun;
      } finally {
        await withClient(server.adminUrl, (client) => client.query(`drop database ${name} with (force)`));
      }
    };
    const replayed = (byStatement: boolean) => async (url: string) => {
      const owner = await connectOwner(url, 'bench');
      try {
        await bootstrap(owner);
        await migrateQueue(url, owner);
        for (const { text, statements, isWhole } of files) {
          if (isWhole) await owner.query('begin');
          if (byStatement || !isWhole) for (const statement of statements) await owner.query(statement.text);
          else await owner.query(text);
          if (isWhole) await owner.query('commit');
        }
      } finally {
        await owner.end();
      }
    };
    const figures = await alternate(rounds, {
      ours: () => inNewDatabase((databaseUrl) => migrateUp({ databaseUrl })),
      statements: () => inNewDatabase(replayed(true)),
      files: () => inNewDatabase(replayed(false)),
    });
    const statements = files.reduce((sum, file) => sum + file.statements.length, 0);
    return {
      comparisons: [
        {
          what: 'a new database',
          unit: 'ms',
          forms: [
            { form: 'stoa migrate up', role: 'stoa', figures: figures('ours') },
            { form: 'statement by statement, as psql', role: 'peer', figures: figures('statements') },
            { form: 'a file in one message', role: 'limit', figures: figures('files') },
          ],
        },
      ],
      notes: [
        `${files.length} migrations, ${statements.toLocaleString('en')} statements, a transaction for each file. The replay reads no file and splits nothing in its time, and keeps no ledger, no timeouts, no watch over who blocks.`,
      ],
    };
  },
};

export default replay;
