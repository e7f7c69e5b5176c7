import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { z } from 'zod';

export interface Check {
  readonly ok: boolean;
  /** Fine for now, and somebody should look. */
  readonly warning?: string;
  readonly problem?: string;
}

/** Names of checks and what is wrong with them in general words: anybody may ask. */
export interface Readiness {
  readonly status: 'ready' | 'not ready';
  readonly checks: Readonly<Record<'serving' | 'database' | 'migrations' | 'partitions', Check>>;
}

export interface ReadinessOptions {
  /** Logged in as `stoa_gateway`; for nothing else. */
  readonly gateway: Pool;
  /** Logged in as `stoa_auth`; for nothing else. */
  readonly auth: Pool;
  /** Names of those that this process was written for. */
  readonly migrations: readonly string[];
  readonly isClosing: () => boolean;
}

/** Anybody may ask as often as they like; the database is asked once in that time. */
const freshMs = 1_000;

/** A load balancer waits a few seconds for an answer, at most. */
export const readinessTimeoutMs = 2_000;

const rowShape = z.object({
  pending_migrations: z.number(),
  uncovered_tables: z.number(),
  late_tables: z.number(),
});

/** Tells whether this process can serve. A partition that will be missing soon is a warning, one that is missing is not. */
export function createReadiness(options: ReadinessOptions): () => Promise<Readiness> {
  let last:
    | { readonly at: number; readonly checks: Promise<Omit<Readiness['checks'], 'serving'>> }
    | undefined;
  return async () => {
    if (!last || performance.now() - last.at > freshMs) {
      last = { at: performance.now(), checks: askDatabase(options) };
    }
    const checks = {
      serving: options.isClosing() ? { ok: false, problem: 'This process is stopping.' } : { ok: true },
      ...(await last.checks),
    };
    return { status: Object.values(checks).every(({ ok }) => ok) ? 'ready' : 'not ready', checks };
  };
}

async function askDatabase({
  gateway,
  auth,
  migrations,
}: ReadinessOptions): Promise<Omit<Readiness['checks'], 'serving'>> {
  const unknown: Check = { ok: false, problem: 'The database did not say.' };
  const inTime = <Result>(asked: Promise<Result>): Promise<Result | undefined> =>
    Promise.race([asked.catch(() => undefined), sleep(readinessTimeoutMs, undefined, { ref: false })]);
  const [alive, told] = await Promise.all([
    inTime(gateway.query('select 1')),
    inTime(
      auth.query('select pending_migrations, uncovered_tables, late_tables from ops.readiness($1)', [
        migrations,
      ]),
    ),
  ]);
  const parsed = rowShape.safeParse(told?.rows[0]);
  const database: Check =
    alive && told ? { ok: true } : { ok: false, problem: 'The database does not answer.' };
  if (!parsed.success) return { database, migrations: unknown, partitions: unknown };
  const { pending_migrations: pending, uncovered_tables: uncovered, late_tables: late } = parsed.data;
  return {
    database,
    migrations: pending === 0 ? { ok: true } : { ok: false, problem: `${pending} are not applied.` },
    partitions:
      uncovered > 0
        ? { ok: false, problem: `${uncovered} tables take no new rows.` }
        : late > 0
          ? { ok: true, warning: `${late} tables have fewer than 2 partitions ahead.` }
          : { ok: true },
  };
}
