/**
 * How long a reader and a writer wait while an index is built on a table of so many rows, as `stoa migrate rehearse`
 * finds it: once with "create index", once with "create index concurrently". On a server of its own, without fsync.
 *
 *   node bench/rehearse.ts [rows, default 1000000]
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duration, table } from '../src/cli/output.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { copyByTemplate } from '../src/migrate/rehearse/copy.ts';
import { bytes } from '../src/migrate/rehearse/page.ts';
import { rehearse } from '../src/migrate/rehearse/rehearse.ts';
import { projectRoot } from '../src/migrate/root.ts';
import { connect, withDatabase } from '../src/postgres/connect.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { withScratchServer } from '../src/postgres/scratch.ts';

const rows = Number(process.argv[2] ?? 1_000_000);
const root = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
for (const entry of ['migrations', 'sql'])
  cpSync(join(projectRoot, entry), join(root, entry), { recursive: true });
const ms = (figure: number | undefined): string => (figure === undefined ? '' : `${figure.toFixed(1)} ms`);

try {
  await withScratchServer(async (adminUrl) => {
    await prepareDatabase(adminUrl, 'bench');
    const databaseUrl = withDatabase(adminUrl, 'bench');
    await migrateUp({ databaseUrl, root });
    const client = await connect(databaseUrl, 'bench');
    await client.query(
      `create table core.bench (id bigint primary key, word text not null);
       alter table core.bench owner to stoa_owner;
       insert into core.bench select n, md5(n::text) from generate_series(1, ${rows}) as n`,
    );
    await client.query('vacuum analyze core.bench');
    await client.end();
    const build = (index: string, how: string): void =>
      writeFileSync(
        join(root, `migrations/core/2030010${index}000000_index_${index}.sql`),
        `-- Up Migration\ncreate index ${how} bench_${index}_idx on core.bench (word);\n`,
      );
    build('1', '');
    build('2', 'concurrently');
    const options = { databaseUrl, adminUrl, root };
    const { migrations, probed, copy, failure } = await rehearse({
      ...options,
      from: 'template',
      makeCopy: () => copyByTemplate(options),
    });
    if (failure !== null) throw new Error(failure);
    process.stdout.write(
      `${rows.toLocaleString('en')} rows, ${bytes(copy.bytes)}, copied in ${duration(copy.elapsedMs)}; ` +
        `usually a read takes ${ms(probed[0]?.readMs)}, a write ${ms(probed[0]?.writeMs)}\n\n` +
        `${table(
          ['statement', 'took', 'longest read', 'longest write', 'WAL', 'disk'],
          migrations.flatMap(({ statements }) =>
            statements.map((each) => [
              each.kind,
              duration(each.elapsedMs),
              ms(each.readerStall?.ms),
              ms(each.writerStall?.ms),
              bytes(each.walBytes),
              bytes(each.diskBytes),
            ]),
          ),
          { right: [1, 2, 3, 4, 5] },
        )}\n`,
    );
  });
} finally {
  rmSync(root, { recursive: true });
}
