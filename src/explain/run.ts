import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { z } from 'zod';
import { exitCodes, StoaError } from '../errors.ts';
import { connectAsOwner } from '../migrate/survey.ts';
import { connect } from '../postgres/connect.ts';
import { type HotQuery, hotQueries } from './hot-queries.ts';
import { faultsOf, type PlanFault, type PlanNode, type PlanShape, parsePlan, shapeOf } from './plan.ts';

export interface ExplainedQuery {
  readonly name: string;
  readonly description: string;
  /** `absent`: this database has no row to ask with. */
  readonly state: 'explained' | 'absent';
  readonly milliseconds: number | null;
  readonly blocks: number | null;
  readonly faults: readonly PlanFault[];
  readonly shape: PlanShape | null;
  /** Compared with the shape that is kept in a file; `new` where there is no file. */
  readonly comparison: 'same' | 'changed' | 'new' | null;
  readonly keptShape: PlanShape | null;
}

export interface ExplainOptions {
  /** As a login that may become stoa_owner: reads parameters. */
  readonly databaseUrl: string;
  /** As the login of the API: every query runs under row-level security. */
  readonly gatewayUrl: string;
  /** Names, or beginnings of them up to a dot. Default: all. */
  readonly only?: readonly string[];
  /** The folder of the shapes. */
  readonly folder: string;
  /** Write the shapes instead of comparing them. */
  readonly update?: boolean;
  readonly queries?: readonly HotQuery[];
  readonly onExplained?: (query: ExplainedQuery, position: number, count: number) => void;
}

export function findHotQueries(only: readonly string[], known = hotQueries): readonly HotQuery[] {
  const matches = (wanted: string) => (query: HotQuery) =>
    query.name === wanted || query.name.startsWith(`${wanted}.`);
  const unknown = only.find((wanted) => !known.some(matches(wanted)));
  if (unknown !== undefined) {
    throw new StoaError('explain.unknown', `There is no hot query "${unknown}".`, {
      cure: `There are: ${known.map(({ name }) => name).join(', ')}.`,
      exitCode: exitCodes.usage,
    });
  }
  return only.length === 0 ? known : known.filter((query) => only.some((wanted) => matches(wanted)(query)));
}

export async function explainQueries(options: ExplainOptions): Promise<readonly ExplainedQuery[]> {
  const { onExplained = () => undefined } = options;
  const chosen = findHotQueries(options.only ?? [], options.queries);
  const owner = await connectAsOwner(options.databaseUrl);
  try {
    const gateway = await connect(options.gatewayUrl, 'explain');
    try {
      const { rows } = await owner.query<{ name: string }>(
        'select nspname::text as name from pg_catalog.pg_namespace',
      );
      const schemas = new Set(rows.map(({ name }) => name));
      const present = chosen.filter(({ module }) => schemas.has(module));
      const explained: ExplainedQuery[] = [];
      for (const [index, query] of present.entries()) {
        const result = await explainOne(owner, gateway, query, options);
        explained.push(result);
        onExplained(result, index + 1, present.length);
      }
      return explained;
    } finally {
      await gateway.end();
    }
  } finally {
    await owner.end();
  }
}

async function explainOne(
  owner: Client,
  gateway: Client,
  query: HotQuery,
  { folder, update = false }: ExplainOptions,
): Promise<ExplainedQuery> {
  const { name, description } = query;
  const { rows } = await owner.query<Record<string, string>>(query.parameters);
  const [parameters] = rows;
  if (parameters === undefined) {
    return {
      name,
      description,
      state: 'absent',
      milliseconds: null,
      blocks: null,
      faults: [],
      shape: null,
      comparison: null,
      keptShape: null,
    };
  }
  const { root, milliseconds } = await explainAs(gateway, query, parameters);
  const shape = shapeOf(root);
  const kept = update ? undefined : await readShape(folder, name);
  if (update) await writeShape(folder, name, shape);
  return {
    name,
    description,
    state: 'explained',
    milliseconds,
    blocks: root.blocks,
    faults: faultsOf(root),
    shape,
    comparison:
      kept === undefined ? 'new' : JSON.stringify(kept) === JSON.stringify(shape) ? 'same' : 'changed',
    keptShape: kept ?? null,
  };
}

async function explainAs(
  gateway: Client,
  { query, persona }: HotQuery,
  parameters: Readonly<Record<string, string>>,
): Promise<{ readonly root: PlanNode; readonly milliseconds: number }> {
  const values: string[] = [];
  const text = query.replace(/(?<!:):(\w+)/g, (_, key: string) => {
    values.push(parameters[key] ?? '');
    return `$${values.length}`;
  });
  await gateway.query('begin read only');
  try {
    await gateway.query(
      `select
         set_config('role', $1, true),
         set_config('stoa.user_id', $2, true),
         set_config('statement_timeout', '30s', true)`,
      [
        persona === 'member' ? 'stoa_member' : 'stoa_anonymous',
        persona === 'member' ? (parameters['user_id'] ?? '') : '',
      ],
    );
    const run = async (): Promise<unknown> =>
      (
        await gateway.query<Record<string, unknown>>(
          `explain (analyze, buffers, format json) ${text}`,
          values,
        )
      ).rows[0]?.['QUERY PLAN'];
    // The second run counts: the first also fills the caches of the catalog.
    await run();
    return parsePlan(await run());
  } finally {
    await gateway.query('rollback');
  }
}

const storedShape: z.ZodType<PlanShape> = z.lazy(() =>
  z.object({ node: z.string(), children: z.array(storedShape) }),
);

async function readShape(folder: string, name: string): Promise<PlanShape | undefined> {
  const file = join(folder, `${name}.json`);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return storedShape.parse(JSON.parse(text));
  } catch (cause) {
    throw new StoaError('explain.damaged_shape', `${file} does not hold the shape of a plan.`, {
      cure: 'Write it anew: stoa explain --update.',
      exitCode: exitCodes.input,
      cause,
    });
  }
}

async function writeShape(folder: string, name: string, shape: PlanShape): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(shape, undefined, 2)}\n`);
}
