/**
 * How fast the migration engine is, on a temporary server without fsync: a new database, the proof that every
 * migration can be undone, the check of the working copy, and what a statement costs beyond the statement itself.
 *
 *   node bench/migrations.ts [rounds, default 5]
 */
import { fingerprint } from '../src/catalog/fingerprint.ts';
import { table } from '../src/cli/output.ts';
import { checkObjects, migrateUp, verifyMigrations } from '../src/migrate/index.ts';
import { migratedSchemas } from '../src/migrate/schemas.ts';
import { connect, withDatabase } from '../src/postgres/connect.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { withScratchServer } from '../src/postgres/scratch.ts';

const rounds = Number(process.argv[2] ?? 5);

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const ms = (figure: number): string => `${figure.toFixed(1)} ms`;

await withScratchServer(async (adminUrl) => {
  const fresh: number[] = [];
  const again: number[] = [];
  const inStatements: number[] = [];
  let statements = 0;
  let databaseUrl = '';
  for (let round = 0; round < rounds; round += 1) {
    databaseUrl = withDatabase(adminUrl, `bench_${round}`);
    await prepareDatabase(adminUrl, `bench_${round}`);
    let spent = 0;
    statements = 0;
    fresh.push(
      await timed(() =>
        migrateUp({
          databaseUrl,
          onEvent: (event) => {
            if (event.type !== 'statementDone') return;
            spent += event.elapsedMs;
            statements += 1;
          },
        }),
      ),
    );
    inStatements.push(spent);
    again.push(await timed(() => migrateUp({ databaseUrl })));
  }

  const client = await connect(databaseUrl, 'bench');
  const looks: number[] = [];
  let facts = 0;
  for (let round = 0; round < rounds; round += 1) {
    looks.push(
      await timed(async () => {
        facts = (await fingerprint(client, migratedSchemas)).length;
      }),
    );
  }
  await client.end();

  const verify = await timed(() => verifyMigrations({ adminUrl }));
  const check = await timed(() => checkObjects({ adminUrl }));
  const overhead = (median(fresh) - median(inStatements)) / statements;
  process.stdout.write(
    `${table(
      ['what', 'figure', 'of'],
      [
        ['a new database, all modules and the job queue', ms(median(fresh)), `${statements} statements`],
        ['  of that inside the statements', ms(median(inStatements)), ''],
        ['  besides, for each statement', ms(overhead), 'reading, parsing, queue, ledger'],
        ['nothing pending', ms(median(again)), ''],
        ['fingerprint of the catalog', ms(median(looks)), `${facts} facts`],
        ['stoa migrate verify', ms(verify), 'all up, all down, all up; a look after each'],
        ['stoa migrate objects --check', ms(check), ''],
      ],
      { right: [1] },
    )}\n`,
  );
});
