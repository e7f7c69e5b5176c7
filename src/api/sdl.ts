// First: Grafast reads GRAPHILE_ENV while it is loaded.
import './production-mode.ts';
import { makeSchema } from 'postgraphile/graphile-build';
import { lexicographicSortSchema, printSchema } from 'postgraphile/graphql';
import type { Module } from '../modules.ts';
import { createPool } from '../postgres/connect.ts';
import { makePreset } from './preset.ts';

export interface SdlOptions {
  /** Logs in as, or acts as, `stoa_gateway`. */
  readonly gatewayUrl: string;
  readonly modules: readonly Module[];
}

const header = `# The GraphQL API as a schema. Written by "stoa api schema --write" from the database; a difference in review is
# a change that clients see.
`;

/** The schema as text, the same for the same database whatever order it was built in. */
export async function printSdl({ gatewayUrl, modules }: SdlOptions): Promise<string> {
  const pool = createPool(gatewayUrl, { applicationName: 'api schema', max: 2 });
  try {
    const { schema } = await makeSchema(
      makePreset({
        pool,
        modules,
        log: { error: () => {} },
        isVisitor: () => true,
        introspection: true,
        explorer: false,
        requestOf: () => undefined,
      }),
    );
    return `${header}\n${printSchema(lexicographicSortSchema(schema))}\n`;
  } finally {
    await pool.end();
  }
}
