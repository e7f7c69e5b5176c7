import type { Client } from 'pg';
import type { DrillPoint } from './point.ts';

/** What a restore saw of the log in the archive. */
export interface LogSeen {
  /** Files that were brought from it. */
  readonly files: number;
  /** What is not as it should be, although the restore came to its end. */
  readonly faults: readonly string[];
}

/** What a check looks at: a server that was restored, or any other. */
export interface DrillSubject {
  /** As superuser, in the database of Stoa. */
  readonly client: Client;
  /** The same login, for what needs a connection of its own. */
  readonly url: string;
  /** What the tables held at the position that was recovered to; undefined where none was noted. */
  readonly point: DrillPoint | undefined;
  /** What the restore saw of the archived log; undefined where it did not come from an archive. */
  readonly log: LogSeen | undefined;
  /** The newest migration that the backup names. */
  readonly migration: string | undefined;
  /** The moment that was recovered to: how fresh what is there can be. */
  readonly targetAt: Date;
  /** How old the heartbeat may be then, in seconds. */
  readonly freshnessSeconds: number;
  /** Also what takes minutes on a large database. */
  readonly isDeep: boolean;
}

export interface CheckOutcome {
  readonly state: 'passed' | 'failed' | 'skipped';
  /** Figures that show what was looked at: a check that looked at nothing has proved nothing. */
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
  /** What is wrong, or why it was not looked at. */
  readonly findings: readonly string[];
}

export interface DrillCheck {
  readonly name: string;
  /** What has been shown when it passes, as a sentence. */
  readonly shows: string;
  run(subject: DrillSubject): Promise<CheckOutcome>;
}

/** More than this many findings say no more than these. */
const shownFindings = 20;

export function outcome(findings: readonly string[], evidence: CheckOutcome['evidence']): CheckOutcome {
  const shown = findings.slice(0, shownFindings);
  const more = findings.length - shown.length;
  return {
    state: findings.length === 0 ? 'passed' : 'failed',
    evidence,
    findings: more > 0 ? [...shown, `and ${more} more`] : shown,
  };
}

export function skipped(reason: string): CheckOutcome {
  return { state: 'skipped', evidence: {}, findings: [reason] };
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
