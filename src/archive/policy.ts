import pg from 'pg';
import { z } from 'zod';
import { columnsOf } from './partition.ts';
import { freeName, moveRows, type RowArchive, type RowsMoved, unfinishedRows } from './rows.ts';
import { type ArchiveSession, throwIfStopped } from './session.ts';

const scopeShape = z.object({ policy: z.string(), now: z.iso.datetime({ offset: true }) });

async function policyArchive(
  session: ArchiveSession,
  target: string,
  name: string,
  scope: z.infer<typeof scopeShape>,
): Promise<RowArchive> {
  const { client } = session;
  const { rows } = await client.query<{ condition: string; held: string | null; keys: string[] }>(
    `select
       ops.retention_condition($1, $2) as condition,
       ops.held_condition($3) as held,
       array(select key.name from ops.primary_key($3) as key order by key.position) as keys`,
    [scope.policy, scope.now, target],
  );
  const [facts] = rows;
  if (facts === undefined) throw new Error('the database did not answer');
  const columns = (await columnsOf(client, target)).map((column) => ({ ...column, isBlanked: false }));
  const selected = columns.map((column) => `target.${pg.escapeIdentifier(column.name)}`).join(', ');
  return {
    parent: target,
    name,
    scope,
    columns,
    query: `select ${selected} from ${target} as target where (${facts.condition})${facts.held === null ? '' : ` and not ${facts.held}`}`,
    keyColumns: facts.keys,
    async remove(keys) {
      const answer = await client.query<{ gone: string }>('select ops.apply_retention($1, $2, $3) as gone', [
        scope.policy,
        scope.now,
        JSON.stringify(keys),
      ]);
      return Number(answer.rows[0]?.gone ?? 0);
    },
  };
}

/** Applies a retention rule that archives: what a run before left open, then what is due now. */
export async function archiveByPolicy(
  session: ArchiveSession,
  policy: { readonly name: string; readonly target: string },
  now: Date,
): Promise<readonly RowsMoved[]> {
  const { name: rule, target } = policy;
  const moved: RowsMoved[] = [];
  const isMine = (scope: unknown): boolean => {
    const parsed = scopeShape.safeParse(scope);
    return parsed.success && parsed.data.policy === rule;
  };
  for (const open of await unfinishedRows(session, target, isMine)) {
    throwIfStopped(session.signal);
    const scope = scopeShape.parse(open.scope);
    moved.push(await moveRows(session, await policyArchive(session, target, open.name, scope)));
  }
  const draft = await policyArchive(session, target, '', { policy: rule, now: now.toISOString() });
  const { rows } = await session.client.query(`select from (${draft.query} limit 1) as target`);
  if (rows.length === 0) return moved;
  const key = rule.replaceAll(/[^A-Za-z0-9_.-]/g, '_');
  const name = await freeName(session, target, `policy-${key}.${now.toISOString().slice(0, 10)}`);
  moved.push(await moveRows(session, { ...draft, name }));
  return moved;
}
