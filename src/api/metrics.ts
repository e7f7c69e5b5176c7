import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Pool } from 'pg';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { z } from 'zod';
import type { Figure } from '../http/endpoint.ts';
import { watchPoolWaits } from '../postgres/pool-waits.ts';
import type { RateScope } from './rates.ts';
import type { OperationKind } from './request-scope.ts';

export interface MetricsOptions {
  readonly pools: Readonly<Record<string, Pool>>;
  /** Logged in as `stoa_auth`: asked for the figures of the database. */
  readonly auth: Pool;
  /** WebSockets that are open. */
  readonly sockets: () => number;
  /** Of others that answer on the same port. */
  readonly figures?: readonly Figure[];
}

export interface AnsweredRequest {
  readonly operation: OperationKind | 'refused' | 'endpoint' | 'other';
  readonly status: number;
  readonly seconds: number;
  readonly codes: readonly string[];
}

export interface Metrics {
  readonly contentType: string;
  answered(request: AnsweredRequest): void;
  refusedForRate(scope: RateScope): void;
  /** In the text format of Prometheus. */
  print(): Promise<string>;
  close(): void;
}

/** Figures of the database are asked for once in that time, however many scrape. */
const freshMs = 10_000;

const figureShape = z.array(
  z.object({ figure: z.string(), label: z.string(), value: z.number().nullable() }),
);

/**
 * What operators watch, one registry an API. No label carries anything of a person or of a query: their values are few
 * and known.
 */
export function createMetrics({ pools, auth, sockets, figures = [] }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const durations = new Histogram({
    name: 'stoa_http_request_duration_seconds',
    help: 'How long requests took, by kind of operation and class of status.',
    labelNames: ['operation', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const errors = new Counter({
    name: 'stoa_errors_total',
    help: 'Errors that clients were told, by extensions.code.',
    labelNames: ['code'],
    registers,
  });
  const refusals = new Counter({
    name: 'stoa_rate_refusals_total',
    help: 'Requests that were one too many, by what was counted.',
    labelNames: ['scope'],
    registers,
  });
  for (const scope of ['address', 'account']) refusals.inc({ scope }, 0);

  new Gauge({
    name: 'stoa_pool_connections',
    help: 'Connections of a pool by state; waiting are requests that wait for one.',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(pools)) {
        this.set({ pool, state: 'busy' }, totalCount - idleCount);
        this.set({ pool, state: 'idle' }, idleCount);
        this.set({ pool, state: 'waiting' }, waitingCount);
      }
    },
  });

  const waits = new Histogram({
    name: 'stoa_pool_wait_seconds',
    help: 'How long requests waited until they had a connection of a pool, or gave up.',
    labelNames: ['pool'],
    // A request gives up after ten seconds, which the last one holds.
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15],
    registers,
  });
  for (const [name, pool] of Object.entries(pools)) {
    waits.zero({ pool: name });
    watchPoolWaits(pool, (seconds) => waits.observe({ pool: name }, seconds));
  }

  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  new Gauge({
    name: 'stoa_event_loop_delay_seconds',
    help: 'How late timers were since the last scrape.',
    labelNames: ['quantile'],
    registers,
    collect() {
      this.set({ quantile: '0.5' }, delay.percentile(50) / 1e9);
      this.set({ quantile: '0.99' }, delay.percentile(99) / 1e9);
      this.set({ quantile: '1' }, delay.max / 1e9);
      delay.reset();
    },
  });
  new Gauge({
    name: 'stoa_websockets',
    help: 'WebSockets that are open.',
    registers,
    collect() {
      this.set(sockets());
    },
  });
  for (const { name, help, read } of figures) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }
  new Gauge({
    name: 'stoa_memory_bytes',
    help: 'Memory of this process.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { rss, heapUsed } = process.memoryUsage();
      this.set({ kind: 'resident' }, rss);
      this.set({ kind: 'heap' }, heapUsed);
    },
  });
  new Gauge({
    name: 'stoa_start_time_seconds',
    help: 'When this API began, as Unix time.',
    registers,
  }).set(Date.now() / 1_000);

  const up = new Gauge({
    name: 'stoa_database_up',
    help: 'Whether the database told its figures.',
    registers,
  });
  const gauges: Readonly<Record<string, Gauge>> = {
    partitions_ahead: new Gauge({
      name: 'stoa_partitions_ahead',
      help: 'Partitions after the current one. Fewer than 2 is an alarm.',
      labelNames: ['table'],
      registers,
    }),
    job_success_age_seconds: new Gauge({
      name: 'stoa_job_success_age_seconds',
      help: 'How long ago a job ended well.',
      labelNames: ['task'],
      registers,
    }),
    job_failures: new Gauge({
      name: 'stoa_job_failures_of_a_day',
      help: 'Runs of a job that failed in the last 24 hours.',
      labelNames: ['task'],
      registers,
    }),
    alerts_open: new Gauge({
      name: 'stoa_alerts_open',
      help: 'Alerts that are open, by name and level.',
      labelNames: ['level', 'name'],
      registers,
    }),
    workers: new Gauge({
      name: 'stoa_workers',
      help: 'Workers that said within a minute that they are there.',
      registers,
    }),
    jobs_due: new Gauge({ name: 'stoa_jobs_due', help: 'Jobs that could run now and wait.', registers }),
    jobs_oldest_due_age_seconds: new Gauge({
      name: 'stoa_jobs_oldest_due_age_seconds',
      help: 'How long the oldest of them waits.',
      registers,
    }),
    jobs_given_up: new Gauge({
      name: 'stoa_jobs_given_up',
      help: 'Jobs that failed for the last time.',
      registers,
    }),
    backup_age_seconds: new Gauge({
      name: 'stoa_backup_age_seconds',
      help: 'How long ago the last good backup of a kind ended.',
      labelNames: ['kind'],
      registers,
    }),
    restore_test_age_seconds: new Gauge({
      name: 'stoa_restore_test_age_seconds',
      help: 'How long ago a drill last proved that a backup can be restored. More than 35 days is an alarm.',
      registers,
    }),
    wal_lag_bytes: new Gauge({
      name: 'stoa_wal_lag_bytes',
      help: 'Log of the database that is not in the storage of backups yet.',
      registers,
    }),
    wal_archive_age_seconds: new Gauge({
      name: 'stoa_wal_archive_age_seconds',
      help: 'How old the newest log in the storage is.',
      registers,
    }),
    wal_slot_safe_bytes: new Gauge({
      name: 'stoa_wal_slot_safe_bytes',
      help: 'How much may be written before the server gives up what it keeps for the receiver of the log.',
      registers,
    }),
  };
  // The database counts them; here they are only passed on.
  const failedJobs = new Counter({
    name: 'stoa_jobs_failed_total',
    help: 'Runs of a job that failed, since the database was made.',
    labelNames: ['task'],
    registers,
  });
  /** Several labels stand in one text with a space between. */
  const labelsOf: Readonly<Record<string, readonly string[]>> = {
    partitions_ahead: ['table'],
    job_success_age_seconds: ['task'],
    job_failures: ['task'],
    alerts_open: ['level', 'name'],
    backup_age_seconds: ['kind'],
  };

  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    try {
      const { rows } = await auth.query(
        'select figure, label, value from ops.figures() union all select figure, label, value from ops.backup_figures()',
      );
      for (const gauge of Object.values(gauges)) gauge.reset();
      failedJobs.reset();
      for (const { figure, label, value } of figureShape.parse(rows)) {
        if (value === null) continue;
        if (figure === 'jobs_failed') failedJobs.inc({ task: label }, value);
        const words = label.split(' ');
        const labels = (labelsOf[figure] ?? []).map((name, index) => [name, words[index] ?? '']);
        gauges[figure]?.set(Object.fromEntries(labels), value);
      }
      up.set(1);
      askedAt = performance.now();
    } catch {
      // What it said last would look like what it says: nothing is better.
      for (const gauge of Object.values(gauges)) gauge.reset();
      failedJobs.reset();
      up.set(0);
    }
  };

  return {
    contentType: registry.contentType,
    answered({ operation, status, seconds, codes }) {
      durations.observe({ operation, status: `${Math.floor(status / 100)}xx` }, seconds);
      for (const code of codes) errors.inc({ code });
    },
    refusedForRate: (scope) => refusals.inc({ scope }),
    async print() {
      if (performance.now() - askedAt > freshMs) {
        asking ??= ask().finally(() => {
          asking = undefined;
        });
        await asking;
      }
      return registry.metrics();
    },
    close: () => delay.disable(),
  };
}
