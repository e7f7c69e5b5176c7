import type { QueryResultRow } from 'pg';

export const alertLevels = ['info', 'warning', 'error', 'critical'] as const;
export type AlertLevel = (typeof alertLevels)[number];

/** Something that is the matter, or was. */
export interface Alert {
  readonly id: string;
  readonly name: string;
  readonly level: AlertLevel;
  /** Which one: a task, a table; empty when there is only one. */
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly since: string;
  readonly resolvedAt: string | null;
}

export interface AlertRow extends QueryResultRow {
  readonly id: string;
  readonly name: string;
  readonly level: AlertLevel;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly since: Date;
  readonly resolved_at: Date | null;
}

export const alertColumns = 'id, name, level, subject, detail, since, resolved_at';

export function alertOf({ since, resolved_at: resolvedAt, ...rest }: AlertRow): Alert {
  const { id, name, level, subject, detail } = rest;
  return {
    id,
    name,
    level,
    subject,
    detail,
    since: since.toISOString(),
    resolvedAt: resolvedAt?.toISOString() ?? null,
  };
}
