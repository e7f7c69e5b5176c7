import { hostname } from 'node:os';
import type { Client } from 'pg';
import type { Logger } from '../log.ts';
import { connect } from '../postgres/connect.ts';

/** That this process is there, for as long as it is: a row of ops.workers and the advisory lock of it. */
export interface Presence {
  /** Under the name that it locks jobs with, before it locks any. */
  register(id: string): Promise<void>;
  /** Ends the statements that these connections of the same login are in. */
  cancel(backends: readonly number[]): Promise<void>;
  /** Gives back to the queue what is still held under that name. */
  leave(): Promise<void>;
}

export interface PresenceOptions {
  readonly log: Pick<Logger, 'warn'>;
  readonly beatMs: number;
  /** After each beat. Its failure is logged. */
  readonly onBeat?: () => Promise<void>;
}

/**
 * The connection does nothing else, so the server notices at once that its process was killed, whatever a query of that
 * process is doing elsewhere. Where the whole machine vanished, keep-alives notice within half a minute.
 */
async function open(url: string): Promise<Client> {
  const client = await connect(url, 'worker presence');
  await client.query(
    'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3',
  );
  return client;
}

export async function openPresence(url: string, { log, beatMs, onBeat }: PresenceOptions): Promise<Presence> {
  let client = await open(url);
  let id: string | undefined;
  let registering: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let beating = Promise.resolve();
  let isOver = false;

  const claim = async (name: string): Promise<void> => {
    await client.query(`select pg_advisory_lock(hashtextextended('ops.workers:' || $1, 0))`, [name]);
    await client.query(
      `insert into ops.workers (id, process_id, host)
       values ($1, $2, left($3, 255))
       on conflict (id) do update set seen_at = clock_timestamp()`,
      [name, process.pid, hostname()],
    );
  };
  const complain = (error: unknown): void => {
    if (!isOver) log.warn({ error: error instanceof Error ? error.message : String(error) }, 'a beat failed');
  };
  const beat = async (): Promise<void> => {
    try {
      if (id !== undefined) {
        const { rowCount } = await client.query(
          'update ops.workers set seen_at = clock_timestamp() where id = $1',
          [id],
        );
        // Somebody took this one for dead.
        if (rowCount === 0) await claim(id);
      }
    } catch (error) {
      complain(error);
      await client.end().catch(() => undefined);
      try {
        client = await open(url);
        if (id !== undefined) await claim(id);
      } catch (again) {
        // The next beat tries once more.
        complain(again);
      }
    }
    try {
      await onBeat?.();
    } catch (error) {
      complain(error);
    }
  };
  const schedule = (): void => {
    if (isOver) return;
    timer = setTimeout(() => {
      beating = beat().finally(schedule);
    }, beatMs);
    timer.unref();
  };
  schedule();

  return {
    register(name) {
      registering ??= claim(name).then(() => {
        id = name;
      });
      return registering;
    },
    async cancel(backends) {
      try {
        await client.query('select pg_cancel_backend(backend) from unnest($1::integer[]) as backend', [
          backends,
        ]);
      } catch (error) {
        // Without a server there is nothing left to cancel.
        complain(error);
      }
    },
    async leave() {
      isOver = true;
      clearTimeout(timer);
      await beating;
      try {
        if (id !== undefined) {
          await client.query('select graphile_worker.force_unlock_workers(array[$1])', [id]);
          await client.query('delete from ops.workers where id = $1', [id]);
        }
      } catch (error) {
        // What it held is taken over by others, as from one that was killed.
        complain(error);
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}
