import 'postgraphile';
import { withPgClientFromPgService } from 'postgraphile/@dataplan/pg';
import type { GraphQLSchema } from 'postgraphile/graphql';
import { refusalsOfSignIn } from '../auth/refusals.ts';
import { readRoutines } from '../catalog/model/routines.ts';
import type { Queryable } from '../catalog/queryable.ts';
import { graphqlCodes } from '../error-codes.ts';
import { isProcedure } from './procedure.ts';
import { refusalsOfTorrents } from './torrents/refusals.ts';
import { refusalsOfUploads } from './uploads/refusals.ts';

/** What may refuse a mutation that is written by hand: functions that it calls, and reasons of its own. */
export interface DeclaredRefusals {
  /** With their schema. */
  readonly calls: readonly string[];
  readonly reasons: readonly string[];
}

/** Reasons by the SQL function that may raise them, and the SQLSTATE of each reason. */
interface Refusals {
  readonly byFunction: ReadonlyMap<string, readonly string[]>;
  readonly sqlstates: ReadonlyMap<string, string>;
}

declare global {
  namespace GraphileBuild {
    interface BuildInput {
      stoaRefusals?: Refusals;
    }
  }
}

/** Procedures call into this schema, which is no part of the API. */
const calledSchemas: readonly string[] = ['ops'];

const declared: ReadonlyMap<string, DeclaredRefusals> = new Map([
  ...refusalsOfSignIn,
  ...refusalsOfTorrents,
  ...refusalsOfUploads,
]);

/**
 * Ends the description of every mutation with the reasons it can be refused for. They are read from the bodies of the
 * procedure and of all that it calls, so nobody has to keep the list.
 */
export const RefusalsPlugin: GraphileConfig.Plugin = {
  name: 'StoaRefusalsPlugin',
  version: '1.0.0',
  description: 'The reasons of refusal in the description of each mutation.',
  gather: {
    async main(output, info) {
      const byFunction = new Map<string, readonly string[]>();
      const sqlstates = new Map<string, string>();
      for (const service of info.resolvedPreset.pgServices ?? []) {
        const settings = { role: 'stoa_anonymous', search_path: '' };
        await withPgClientFromPgService(service, settings, async (client) => {
          const database: Queryable = {
            async query(text: string, values?: readonly unknown[]) {
              const { rows } = await client.query({ text, values: [...(values ?? [])] });
              return { rows };
            },
          } as Queryable;
          const registry = await database.query<{ reason: string; sqlstate: string }>(
            'select reason, sqlstate from core.error_reasons()',
          );
          for (const { reason, sqlstate } of registry.rows) sqlstates.set(reason, sqlstate);
          const schemas = [...(service.schemas ?? []), ...calledSchemas];
          const routinesOf = await readRoutines(database, schemas, new Set(sqlstates.keys()));
          for (const { name, reasons } of schemas.flatMap((schema) => routinesOf(schema))) {
            byFunction.set(name, reasons);
          }
        });
      }
      output.stoaRefusals = { byFunction, sqlstates };
    },
  },
  schema: {
    hooks: {
      finalize(schema, build) {
        const refusals = build.input.stoaRefusals;
        if (refusals) describeRefusals(schema, build, refusals);
        return schema;
      },
    },
  },
};

function describeRefusals(schema: GraphQLSchema, build: GraphileBuild.Build, refusals: Refusals): void {
  const mutations = schema.getMutationType()?.getFields() ?? {};
  const append = (mutation: string, reasons: readonly string[]): void => {
    const field = mutations[mutation];
    if (field) field.description = `${field.description ?? ''}\n\n${listRefusals(reasons, refusals)}`.trim();
  };
  for (const resource of Object.values(build.input.pgRegistry.pgResources)) {
    if (!isProcedure(resource) || !resource.isMutation) continue;
    const { schemaName, name } = resource.extensions?.pg ?? {};
    const reasons = refusals.byFunction.get(`${schemaName}.${name}`);
    const mutation = build.inflection.customMutationField({ resource });
    // A function of the inside may have the name of the mutation that calls it.
    if (reasons && !declared.has(mutation)) append(mutation, reasons);
  }
  for (const [mutation, { calls, reasons }] of declared) {
    const called = calls.flatMap((name) => refusals.byFunction.get(name) ?? []);
    append(mutation, [...new Set([...called, ...reasons])].sort());
  }
}

/** By code, in the order in which a client meets them. */
export function listRefusals(reasons: readonly string[], { sqlstates }: Pick<Refusals, 'sqlstates'>): string {
  const lines = Object.entries(graphqlCodes).flatMap(([sqlstate, { code }]) => {
    const own = reasons.filter((reason) => sqlstates.get(reason) === sqlstate);
    return own.length === 0 ? [] : [`- ${code}: ${own.join(', ')}`];
  });
  return lines.length === 0 ? 'Refuses nothing.' : `May be refused for:\n${lines.join('\n')}`;
}
