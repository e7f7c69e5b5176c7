// First: Grafast reads GRAPHILE_ENV while it is loaded.
import './production-mode.ts';
import './bytes.ts';
import type { IncomingMessage } from 'node:http';
import { PgAggregatesPreset } from '@graphile/pg-aggregates';
import type { Pool } from 'pg';
import { makePgService } from 'postgraphile/adaptors/pg';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { PostGraphileConnectionFilterPreset } from 'postgraphile-plugin-connection-filter';
import { AuthPlugin } from '../auth/plugin.ts';
import type { Module } from '../modules.ts';
import { BehaviorCachePlugin } from './behavior-cache.ts';
import { pgSettingsOf, type StoaRequest } from './context.ts';
import { DatetimesPlugin } from './datetimes.ts';
import { DescriptionsPlugin } from './descriptions.ts';
import { type ErrorLog, makeErrorMask } from './errors.ts';
import { ExposurePlugin } from './exposure.ts';
import { FiltersPlugin, filterOperators } from './filters.ts';
import { InputDescriptionsPlugin } from './input-descriptions.ts';
import { type QueryLimits, queryLimits } from './limits.ts';
import { NameCheckPlugin } from './name-check.ts';
import { NamingPlugin, SimplifyPlugin } from './naming.ts';
import { ObservePlugin } from './observe-plugin.ts';
import { OrdersPlugin } from './orders.ts';
import { makePagingPlugin } from './paging.ts';
import { explorerPath, explorerStaticPath, graphqlPath } from './paths.ts';
import { type PersistedOperations, persistedPreset } from './persisted.ts';
import { makeQueryGuardPlugin } from './query-guard.ts';
import { makeSubscriptionPlugins } from './realtime/plugin.ts';
import { RefusalsPlugin } from './refusals.ts';
import { RelationNamesPlugin } from './relation-names.ts';
import { RootStatementsPlugin } from './root-statements.ts';
import { oneRoundTrip } from './round-trips.ts';
import { SchemaRulesPlugin } from './schema-rules.ts';
import { makeTorrentPlugins } from './torrents/plugin.ts';
import { UploadsPlugin } from './uploads/plugin.ts';
import { ViewerPlugin } from './viewer.ts';

export { explorerPath, explorerStaticPath, graphqlPath } from './paths.ts';

/** Never part of the API, whatever the modules are. */
const hiddenSchemas: ReadonlySet<string> = new Set(['ops', 'parts', 'extensions', 'graphile_worker']);

/** The schemas that the API is made from. */
export function exposedSchemas(modules: readonly Module[]): string[] {
  return modules.map((module) => module.schema).filter((schema) => !hiddenSchemas.has(schema));
}

export interface PresetOptions {
  /** Logged in as `stoa_gateway`: what it may become decides what the schema contains. */
  readonly pool: Pool;
  readonly modules: readonly Module[];
  readonly log: ErrorLog;
  /** Whether the request that is being answered came without a token. */
  readonly isVisitor: () => boolean;
  readonly introspection: boolean;
  readonly explorer: boolean;
  /** Default: those of an installation without settings. */
  readonly limits?: QueryLimits;
  readonly persisted?: PersistedOperations | undefined;
  /** What was learned about a request before it came to GraphQL. */
  readonly requestOf: (message: IncomingMessage) => StoaRequest | undefined;
}

/** The one place where the API is put together. */
export function makePreset(options: PresetOptions): GraphileConfig.Preset {
  const { limits = queryLimits } = options;
  const withPgClient = oneRoundTrip(options.pool);
  return {
    extends: [
      PostGraphileAmberPreset,
      PostGraphileConnectionFilterPreset,
      PgAggregatesPreset,
      persistedPreset(options.persisted),
    ],
    plugins: [
      BehaviorCachePlugin,
      NameCheckPlugin,
      SimplifyPlugin,
      NamingPlugin,
      RelationNamesPlugin,
      ExposurePlugin,
      DescriptionsPlugin,
      FiltersPlugin,
      OrdersPlugin,
      makePagingPlugin(limits),
      makeQueryGuardPlugin({ limits, introspection: options.introspection }),
      ObservePlugin,
      ViewerPlugin,
      AuthPlugin,
      ...makeSubscriptionPlugins(options.modules),
      UploadsPlugin,
      ...makeTorrentPlugins(options.modules),
      DatetimesPlugin,
      // After all that brings fields.
      RootStatementsPlugin,
      InputDescriptionsPlugin,
      RefusalsPlugin,
      SchemaRulesPlugin,
    ],
    disablePlugins: [
      // Pages have a size: see paging.ts.
      'PgFirstLastBeforeAfterArgsPlugin',
      // An order exists because an index serves it: see orders.ts.
      'PgOrderAllAttributesPlugin',
      'PgOrderCustomFieldsPlugin',
      'PgConnectionArgOrderByDefaultValuePlugin',
      'PgAggregatesOrderByAggregatesPlugin',
      // One way to filter, and only by what an index finds: see filters.ts.
      'PgConditionArgumentPlugin',
      'PgConditionCustomFieldsPlugin',
      'PgConnectionArgFilterBackwardRelationsPlugin',
      'PgConnectionArgFilterForwardRelationsPlugin',
      'PgConnectionArgFilterComputedAttributesPlugin',
      'PgConnectionArgFilterRecordFunctionsPlugin',
      'PgConnectionArgFilterLogicalOperatorsPlugin',
      'PgAggregatesFilterRelationalAggregatesPlugin',
      // A row is looked up by its key, or by node(nodeId:).
      'NodeAccessorPlugin',
      'QueryQueryPlugin',
      'RegisterQueryNodePlugin',
    ],
    pgServices: [
      makePgService({ pool: options.pool, pubsub: false, schemas: exposedSchemas(options.modules) }),
    ],
    gather: {
      // An argument without a default is required.
      pgStrictFunctions: true,
    },
    schema: {
      dontSwallowErrors: true,
      pgSimplifyAllRows: true,
      pgSimplifyMultikeyRelations: true,
      pgShortPk: true,
      connectionFilterAllowedOperators: [...filterOperators],
      connectionFilterArrays: false,
      connectionFilterComputedColumns: false,
      connectionFilterSetofFunctions: false,
      // Null and {} mean "no filter": clients send them for what a person left empty.
      connectionFilterAllowNullInput: true,
      connectionFilterAllowEmptyObjectInput: true,
    },
    grafast: {
      explain: false,
      context(requestContext) {
        const message = requestContext.node?.req ?? requestContext.ws?.request;
        const request = message && options.requestOf(message);
        if (!request) throw new Error('A request came to GraphQL without having been announced.');
        return { pgSettings: pgSettingsOf(request), withPgClient, stoa: request };
      },
    },
    grafserv: {
      graphqlPath,
      graphiql: options.explorer,
      graphiqlPath: explorerPath,
      graphiqlStaticPath: explorerStaticPath,
      graphiqlOnGraphQLGET: false,
      graphqlOverGET: false,
      websockets: false,
      watch: false,
      maskError: makeErrorMask(options.log, options.isVisitor),
    },
  };
}
