import type { Client, ClientBase } from 'pg';
import type { Blocker, Listener } from './events.ts';
import { recordMigration } from './ledger.ts';
import { StepProgress } from './progress.ts';
import type { Session } from './session.ts';
import { placeOf, type Step } from './step.ts';
import { type Patience, timeoutsFor } from './timeouts.ts';
import { classify } from './traits.ts';
import { watchStatement } from './watch.ts';

export interface ConductorOptions {
  readonly patience: Patience;
  readonly onEvent: Listener;
  readonly attempt: number;
  /** `performance.now()` when the migration began, waiting included. */
  readonly begun: number;
}

/**
 * Stands between node-pg-migrate and the connection. node-pg-migrate sends, one by one: BEGIN, the statements, its
 * row for the ledger, COMMIT. Here each statement gets its timeouts, its watcher and its record.
 */
export class Conductor {
  /** The connection as node-pg-migrate sees it. */
  readonly client: ClientBase;
  /** Index of the statement that failed, if one did. */
  failedAt: number | undefined;
  /** Who stood in the way during this attempt. */
  seenBlockers: readonly Blocker[] = [];

  readonly #session: Session;
  readonly #step: Step;
  readonly #options: ConductorOptions;
  readonly #progress: StepProgress;
  /** Index of the statement that comes next. */
  #next = 0;
  #sentTimeouts = '';

  constructor(session: Session, step: Step, options: ConductorOptions) {
    this.#session = session;
    this.#step = step;
    this.#options = options;
    this.#progress = new StepProgress(session.worker, step, options.onEvent);
    const query = (text: unknown, values?: unknown[]) => this.#query(text, values);
    this.client = new Proxy<Client>(session.worker, {
      get: (target, property) => (property === 'query' ? query : Reflect.get(target, property, target)),
    });
  }

  /** After the rollback: clears away what a statement outside a transaction left half done. */
  async afterFailure(): Promise<void> {
    const index = this.failedAt;
    if (index === undefined || this.#step.isTransactional) return;
    const { migration } = this.#step;
    await this.#progress
      .clearAway(index, (send) => this.#watched(index, send))
      .catch((error: unknown) => {
        // The failure that led here is the one to report; what is left is found by the next run.
        const message = `what the failed statement left behind stays for now: ${error instanceof Error ? error.message : String(error)}`;
        this.#options.onEvent({ type: 'warning', migration: migration.name, message });
      });
  }

  async #query(text: unknown, values?: unknown[]): Promise<unknown> {
    const { worker } = this.#session;
    if (typeof text !== 'string') throw new TypeError('node-pg-migrate sends text');
    if (this.#isNextStatement(text)) {
      const index = this.#next;
      this.#next += 1;
      return this.#statement(index);
    }
    if (ledgerRow.test(text)) return this.#ledger(text);
    return worker.query(text, values);
  }

  #isNextStatement(text: string): boolean {
    const statement = this.#step.statements[this.#next];
    // node-pg-migrate ends each statement with a semicolon.
    return statement !== undefined && (text === `${statement.text};` || text === statement.text);
  }

  async #statement(index: number): Promise<unknown> {
    const { isTransactional, statements } = this.#step;
    const { onEvent } = this.#options;
    const statement = statements[index];
    if (!statement) throw new RangeError(`statement ${index}`);
    const place = placeOf(this.#step, index);
    try {
      if (isTransactional) {
        await this.#setTimeouts(index, 'local');
        onEvent({ type: 'statement', place });
        const elapsedMs = await this.#watched(index, () => this.#session.worker.query(statement.text));
        onEvent({ type: 'statementDone', place, elapsedMs });
        return undefined;
      }
      const skipped = await this.#progress.begin(index);
      if (skipped !== undefined) {
        onEvent({ type: 'statementSkipped', place, reason: skipped });
        return undefined;
      }
      onEvent({ type: 'statement', place });
      const elapsedMs = await this.#progress.run(index, {
        setTimeouts: (scope) => this.#setTimeouts(index, scope),
        send: (send) => this.#watched(index, send),
      });
      onEvent({ type: 'statementDone', place, elapsedMs });
      return undefined;
    } catch (error) {
      this.failedAt = index;
      throw error;
    }
  }

  async #setTimeouts(index: number, scope: 'local' | 'session'): Promise<void> {
    const statement = this.#step.statements[index];
    if (!statement) throw new RangeError(`statement ${index}`);
    const { lockMs, statementMs } = timeoutsFor(
      classify(statement.node),
      this.#options.attempt,
      this.#options.patience,
    );
    const own = ownTimeouts(this.#step, index);
    const wanted = [
      ...(own.has('lock_timeout') ? [] : [`set ${scope} lock_timeout = ${lockMs}`]),
      ...(own.has('statement_timeout') ? [] : [`set ${scope} statement_timeout = ${statementMs}`]),
    ].join('; ');
    // Inside one transaction most statements share their timeouts; outside, a rollback may have changed them.
    if (wanted === '' || (scope === 'local' && this.#step.isTransactional && wanted === this.#sentTimeouts))
      return;
    await this.#session.worker.query(wanted);
    this.#sentTimeouts = wanted;
  }

  async #watched(index: number, send: () => Promise<unknown>): Promise<number> {
    const place = placeOf(this.#step, index);
    const { elapsedMs } = await watchStatement(this.#session, send, {
      giveUpAfterMs:
        classifyAt(this.#step, index) === 'concurrent' ? this.#options.patience.concurrentWaitMs : 0,
      onBlocked: (blockers, waitedMs, isNews) => {
        this.seenBlockers = blockers;
        if (isNews) this.#options.onEvent({ type: 'blocked', place, blockers, waitedMs });
      },
    });
    return elapsedMs;
  }

  async #ledger(text: string): Promise<unknown> {
    const { worker } = this.#session;
    const { isTransactional } = this.#step;
    const elapsedMs = performance.now() - this.#options.begun;
    if (!isTransactional) await worker.query('begin');
    const result = await worker.query(text);
    await recordMigration(worker, this.#step, elapsedMs);
    if (!isTransactional) {
      await this.#progress.forget();
      await worker.query('commit');
    }
    return result;
  }
}

const ledgerRow = /^(INSERT INTO|DELETE FROM) "ops"\."pgmigrations" /;

function classifyAt(step: Step, index: number): ReturnType<typeof classify> {
  const statement = step.statements[index];
  if (!statement) throw new RangeError(`statement ${index}`);
  return classify(statement.node);
}

/** Timeouts that the file has set for itself above this statement: its author knows better. */
function ownTimeouts(step: Step, index: number): Set<string> {
  const names = new Set<string>();
  for (const { node } of step.statements.slice(0, index + 1)) {
    if ('VariableSetStmt' in node && node.VariableSetStmt.name) names.add(node.VariableSetStmt.name);
  }
  return names;
}
