import type { Client } from 'pg';
import { connect, databaseOf } from '../../postgres/connect.ts';
import { namedRelations } from '../check/ast.ts';
import type { MigrationEvent } from '../events.ts';
import { type MigrateOptions, withMigrator } from '../migrator.ts';
import { pendingMigrations } from '../order.ts';
import { readTarget } from '../plan/target.ts';
import { planStep, type Step } from '../step.ts';
import { connectAsOwner, surveyMigrations } from '../survey.ts';
import type { Copy } from './copy.ts';
import { type Probe, startProbe } from './probe.ts';
import {
  type CopySource,
  longestStall,
  type RehearsalReport,
  type RehearsedMigration,
  type RehearsedStatement,
} from './report.ts';

export interface RehearseOptions extends MigrateOptions {
  readonly from: CopySource;
  /** Makes the copy; it is thrown away afterwards. */
  readonly makeCopy: () => Promise<Copy>;
}

/**
 * Applies what is pending to a copy of a database, while probes read and write every table that the statements name,
 * and tells how long each statement took and how long it kept a reader and a writer waiting.
 */
export async function rehearse(options: RehearseOptions): Promise<RehearsalReport> {
  const { migrations, applied } = await surveyMigrations(options);
  const steps: Step[] = [];
  for (const migration of pendingMigrations(migrations, applied)) steps.push(await planStep(migration, 'up'));
  const source = await connectAsOwner(options.databaseUrl);
  const target = await readTarget(source).finally(() => source.end());

  const begun = performance.now();
  const copy = await options.makeCopy();
  const copied = performance.now() - begun;
  try {
    const run = await new Rehearsal(copy.url, steps).run(options);
    return {
      version: 1,
      madeAt: new Date().toISOString(),
      database: databaseOf(options.databaseUrl),
      copy: { from: options.from, elapsedMs: copied, bytes: run.bytes },
      target: target.state,
      ...run.found,
    };
  } finally {
    await copy.drop();
  }
}

interface Span {
  readonly number: number;
  readonly line: number;
  readonly kind: string;
  readonly begun: number;
  ended: number | undefined;
  readonly before: Promise<Figures>;
  after: Promise<Figures> | undefined;
}

interface Figures {
  readonly wal: number;
  readonly disk: number;
}

class Rehearsal {
  readonly #url: string;
  readonly #steps: readonly Step[];
  readonly #spans = new Map<string, Span[]>();
  #lastLook: Promise<unknown> = Promise.resolve();
  readonly #elapsed = new Map<string, number>();
  readonly #windows = new Map<string, { readonly begun: number; readonly ended: number }>();

  constructor(url: string, steps: readonly Step[]) {
    this.#url = url;
    this.#steps = steps;
  }

  async run(options: MigrateOptions): Promise<{
    bytes: number;
    found: Pick<RehearsalReport, 'serverVersion' | 'migrations' | 'probed' | 'failure'>;
  }> {
    const monitor = await connect(this.#url, 'rehearse (monitor)');
    const probes: Probe[] = [];
    try {
      const { disk } = await figuresOf(monitor);
      const { rows } = await monitor.query<{ version: string }>(
        "select current_setting('server_version') as version",
      );
      for (const table of await touchedTables(monitor, this.#steps)) {
        probes.push(await startProbe(this.#url, table));
      }
      const failure = await this.#apply(options, monitor);
      await Promise.all(probes.map((probe) => probe.stop()));
      return {
        bytes: disk,
        found: {
          serverVersion: rows[0]?.version ?? '',
          migrations: await this.#migrations(probes),
          probed: probes.map((probe) => probe.summary()),
          failure,
        },
      };
    } catch (error) {
      await Promise.all(probes.map((probe) => probe.stop()));
      throw error;
    } finally {
      await monitor.end();
    }
  }

  async #apply(options: MigrateOptions, monitor: Client): Promise<string | null> {
    const onEvent = (event: MigrationEvent): void => this.#see(event, monitor);
    try {
      await withMigrator({ ...options, databaseUrl: this.#url, onEvent }, async ({ apply }) => {
        for (const step of this.#steps) await apply(step);
      });
      return null;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return error.message;
    }
  }

  #see(event: MigrationEvent, monitor: Client): void {
    if (event.type === 'migration') this.#spans.set(event.migration, []);
    else if (event.type === 'migrationDone') {
      const ended = performance.now();
      this.#elapsed.set(event.migration, event.elapsedMs);
      const [first] = this.#spans.get(event.migration) ?? [];
      this.#windows.set(event.migration, { begun: first?.begun ?? ended, ended });
    } else if (event.type === 'statement') {
      const { migration, statement, line, kind } = event.place;
      const spans = this.#spans.get(migration) ?? [];
      // After a lost lock the file begins anew: what counts is the try that came through.
      if (statement === 1) spans.length = 0;
      spans.push({
        number: statement,
        line,
        kind,
        begun: performance.now(),
        ended: undefined,
        before: this.#figures(monitor),
        after: undefined,
      });
      this.#spans.set(migration, spans);
    } else if (event.type === 'statementDone') {
      const span = this.#spans
        .get(event.place.migration)
        ?.findLast(({ number }) => number === event.place.statement);
      if (!span) return;
      span.ended = performance.now();
      span.after = this.#figures(monitor);
    }
  }

  /** One look after the other: a connection takes one query at a time. */
  #figures(monitor: Client): Promise<Figures> {
    const looked = this.#lastLook.then(() => figuresOf(monitor));
    this.#lastLook = looked.catch(() => undefined);
    return looked;
  }

  async #migrations(probes: readonly Probe[]): Promise<readonly RehearsedMigration[]> {
    const reads = probes.flatMap((probe) => probe.reads);
    const writes = probes.flatMap((probe) => probe.writes);
    const found: RehearsedMigration[] = [];
    for (const { migration, statements } of this.#steps) {
      const rehearsed: RehearsedStatement[] = [];
      for (const { number, line, kind, begun, ended, before, after } of this.#spans.get(migration.name) ??
        []) {
        if (ended === undefined || after === undefined) continue;
        const [was, is] = [await before, await after];
        rehearsed.push({
          number,
          line,
          kind,
          text: statements[number - 1]?.text ?? '',
          elapsedMs: ended - begun,
          readerStall: longestStall(reads, { begun, ended }),
          writerStall: longestStall(writes, { begun, ended }),
          walBytes: is.wal - was.wal,
          diskBytes: is.disk - was.disk,
        });
      }
      const window = this.#windows.get(migration.name) ?? null;
      found.push({
        name: migration.name,
        file: migration.file,
        checksum: migration.checksum.toString('hex'),
        elapsedMs: this.#elapsed.get(migration.name) ?? null,
        readerStall: window && longestStall(reads, window),
        writerStall: window && longestStall(writes, window),
        statements: rehearsed,
      });
    }
    return found;
  }
}

async function figuresOf(monitor: Client): Promise<Figures> {
  const { rows } = await monitor.query<{ wal: string; disk: string }>(
    `select
       pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal,
       pg_database_size(current_database())::text as disk`,
  );
  return { wal: Number(rows[0]?.wal ?? 0), disk: Number(rows[0]?.disk ?? 0) };
}

/** Tables of the copy that the statements name, and those on which a named index or trigger is. */
async function touchedTables(monitor: Client, steps: readonly Step[]): Promise<readonly string[]> {
  const names = new Set(
    steps.flatMap(({ statements }) => statements.flatMap(({ node }) => namedRelations(node))),
  );
  const { rows } = await monitor.query<{ name: string }>(
    `select distinct format('%I.%I', relation.relnamespace::regnamespace::text, relation.relname) as name
     from unnest($1::text[]) as given (name)
     join pg_catalog.pg_class as named on named.oid = to_regclass(given.name)
     left join pg_catalog.pg_index as entry on entry.indexrelid = named.oid
     join pg_catalog.pg_class as relation on relation.oid = coalesce(entry.indrelid, named.oid)
     where relation.relkind in ('r', 'p')
     order by 1`,
    [[...names]],
  );
  return rows.map(({ name }) => name);
}
