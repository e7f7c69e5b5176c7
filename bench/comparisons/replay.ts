import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from '../../src/migrate/bootstrap.ts';
import { migrateUp } from '../../src/migrate/index.ts';
import { loadMigrations } from '../../src/migrate/load.ts';
import { migrateQueue } from '../../src/migrate/queue.ts';
import { projectRoot } from '../../src/migrate/root.ts';
import { splitStatements } from '../../src/migrate/split.ts';
import { runsInTransaction } from '../../src/migrate/traits.ts';
import { resolveModules } from '../../src/modules.ts';
import { connectOwner } from '../../src/postgres/owner.ts';
import type { FreshBench } from '../harness/bench.ts';
import { runInstalled, versionOf } from '../harness/installed.ts';
import { alternate, fewRounds } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';

const replay: FreshBench = {
  summary: 'Every migration into an empty database, and the same files by psql.',
  async run({ server, roundsAtMost }) {
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
      // The files of the new database, and what the one before left to write, are not its work.
      await withClient(server.adminUrl, (client) => client.query('checkpoint'));
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
    const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
    const script = join(folder, 'replay.sql');
    writeFileSync(
      script,
      [
        'set role stoa_owner;',
        ...files.map(({ text, isWhole }) => (isWhole ? `begin;\n${text}\n;commit;` : `${text}\n;`)),
      ].join('\n'),
    );
    const psql = versionOf('psql');
    const byPsql = async (url: string): Promise<void> => {
      const owner = await connectOwner(url, 'bench');
      try {
        await bootstrap(owner);
        await migrateQueue(url, owner);
      } finally {
        await owner.end();
      }
      await runInstalled('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', script, url]);
    };
    const figures = await alternate(roundsAtMost(fewRounds), {
      ours: () => inNewDatabase((databaseUrl) => migrateUp({ databaseUrl })),
      peer: () => inNewDatabase(psql === undefined ? replayed(true) : byPsql),
      files: () => inNewDatabase(replayed(false)),
    });
    rmSync(folder, { recursive: true });
    const statements = files.reduce((sum, file) => sum + file.statements.length, 0);
    return {
      comparisons: [
        {
          what: 'a new database',
          size: `${files.length} migrations`,
          unit: 'ms',
          forms: [
            { form: 'stoa migrate up', role: 'stoa', figures: figures('ours') },
            {
              form: psql === undefined ? 'statement by statement, as psql' : 'psql, the same files',
              role: 'peer',
              figures: figures('peer'),
            },
            { form: 'a file in one message', role: 'limit', figures: figures('files') },
          ],
        },
      ],
      notes: [
        `${files.length} migrations, ${statements.toLocaleString('en')} statements, a transaction for each file. The replay reads no file and splits nothing in its time, and keeps no ledger, no timeouts, no watch over who blocks.`,
        psql === undefined
          ? 'psql is not installed: a client of node sends what it would send.'
          : `psql ${psql} reads and splits the files, as one script.`,
      ],
    };
  },
};

export default replay;
