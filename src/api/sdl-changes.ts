// First: Grafast reads GRAPHILE_ENV while it is loaded.
import './production-mode.ts';
import {
  buildSchema,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLSchema,
} from 'postgraphile/graphql';
import { exitCodes, StoaError } from '../errors.ts';

export interface SdlChange {
  /** breaking: a client that works now may stop working; dangerous: it may behave otherwise. */
  readonly kind: 'breaking' | 'dangerous';
  readonly description: string;
}

/** What a change of the schema means for the clients that exist. Nothing: it only adds, or changes descriptions. */
export function compareSdl(before: string, after: string): SdlChange[] {
  const read = (text: string): GraphQLSchema => {
    try {
      return buildSchema(text, { assumeValidSDL: true });
    } catch (cause) {
      throw new StoaError('api.schema_malformed', 'A file to compare is not a GraphQL schema.', {
        cure: 'Name files that "stoa api schema" wrote.',
        exitCode: exitCodes.input,
        cause,
      });
    }
  };
  const [old, now] = [read(before), read(after)];
  return [
    ...findBreakingChanges(old, now).map(({ description }) => ({ kind: 'breaking' as const, description })),
    ...findDangerousChanges(old, now).map(({ description }) => ({ kind: 'dangerous' as const, description })),
  ];
}
