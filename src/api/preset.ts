import { PgAggregatesPreset } from '@graphile/pg-aggregates';
import { PgSimplifyInflectionPreset } from '@graphile/simplify-inflection';
import type { Pool } from 'pg';
import { makePgService } from 'postgraphile/adaptors/pg';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { PostGraphileConnectionFilterPreset } from 'postgraphile-plugin-connection-filter';
import type { Module } from '../modules.ts';
import { NamingPlugin } from './naming.ts';

/** Never part of the API, whatever the modules are. */
const hiddenSchemas: ReadonlySet<string> = new Set(['ops', 'parts', 'extensions', 'graphile_worker']);

export interface PresetOptions {
  /** Logged in as `stoa_gateway`: what it may become decides what the schema contains. */
  readonly pool: Pool;
  readonly modules: readonly Module[];
  readonly plugins?: readonly GraphileConfig.Plugin[];
}

export function makePreset(options: PresetOptions): GraphileConfig.Preset {
  return {
    extends: [
      PostGraphileAmberPreset,
      PgSimplifyInflectionPreset,
      PostGraphileConnectionFilterPreset,
      PgAggregatesPreset,
    ],
    plugins: [NamingPlugin, ...(options.plugins ?? [])],
    disablePlugins: [
    ],
    pgServices: [
      makePgService({
        pool: options.pool,
        pubsub: false,
        schemas: options.modules.map((module) => module.schema).filter((schema) => !hiddenSchemas.has(schema)),
      }),
    ],
    gather: { pgStrictFunctions: true },
    schema: {
      dontSwallowErrors: true,
    },
  };
}
