import type { QueryResult, QueryResultRow } from 'pg';

/** Something that is the matter, as operators are told of it. */
export interface Finding {
  readonly name: string;
  readonly level: 'info' | 'warning' | 'error' | 'critical';
  /** Which of several of the kind. */
  readonly subject: string;
  /** Figures, never anything personal or secret. */
  readonly detail: Readonly<Record<string, unknown>>;
}

type Query = <Row extends QueryResultRow>(text: string, values?: unknown[]) => Promise<QueryResult<Row>>;

/**
 * Raises an alert for each finding and resolves those of `names` that nothing was found of. Does nothing in a database
 * that has no alerts yet.
 */
export async function setAlerts(
  query: Query,
  names: readonly { readonly name: string; readonly subject: string }[],
  findings: readonly Finding[],
): Promise<void> {
  const { rows } = await query<{ has_alerts: boolean }>(
    `select to_regprocedure('ops.raise_alert(text, text, text, jsonb)') is not null
        and to_regprocedure('ops.resolve_alert(text, text)') is not null as has_alerts`,
  );
  if (!rows[0]?.has_alerts) return;
  for (const { name, level, subject, detail } of findings) {
    await query('select ops.raise_alert($1, $2, $3, $4)', [name, level, subject, JSON.stringify(detail)]);
  }
  for (const { name, subject } of names) {
    if (findings.some((finding) => finding.name === name && finding.subject === subject)) continue;
    await query('select ops.resolve_alert($1, $2)', [name, subject]);
  }
}
