import 'postgraphile';
import { TYPES } from 'postgraphile/@dataplan/pg';
import { type SQL, sql } from 'postgraphile/pg-sql2';

/** PostgreSQL's names of the ends of time, and the dates that stand for them in the API. */
const endsOfTime: ReadonlyMap<string, string> = new Map([
  ['infinity', '9999-12-31T23:59:59.999999+00:00'],
  ['-infinity', '0001-01-01T00:00:00.000000+00:00'],
]);

/** A client that compares with the clock needs no case of its own, and no date parser stumbles over a word. */
export function tellTime(value: string): string {
  return endsOfTime.get(value) ?? value;
}

/** What was told can be sent back. */
export function readTime(value: string): string {
  const sent = Date.parse(value);
  for (const [name, date] of endsOfTime) if (sent === Date.parse(date)) return name;
  return value;
}

const endsText = `What has no end is told as \`${endsOfTime.get('infinity')}\`, which is later than every other time, and what has no beginning as \`${endsOfTime.get('-infinity')}\`; both can be sent back. Null: there is no such time.`;

const format = 'YYYY-MM-DD"T"HH24:MI:SS.USTZH:TZM';

/** to_char knows no infinity: it gives null, which a client could not tell from "never". */
function withEnds(time: SQL): SQL {
  return sql`case when isfinite(${time}) then to_char(${time}, ${sql.literal(format)}::text) else ${time}::text end`;
}

// In place, because the engine knows this codec by its identity. Cursors hold what is read here, so that what PostgreSQL
// compares them with is exact; the dates of the API are written last, by the scalar.
TYPES.timestamptz.castFromPg = withEnds;

/** Tells times without end as dates that are later, or earlier, than all others. */
export const DatetimesPlugin: GraphileConfig.Plugin = {
  name: 'StoaDatetimesPlugin',
  version: '1.0.0',
  description: 'Infinite times are told as the last and the first date.',
  schema: {
    hooks: {
      GraphQLScalarType(config, build) {
        if (config.name !== build.inflection.builtin('Datetime')) return config;
        const { parseValue, parseLiteral } = config;
        const read = (value: unknown): unknown => (typeof value === 'string' ? readTime(value) : value);
        return {
          ...config,
          description: `${config.description}\n\n${build.wrapDescription(endsText, 'type')}`,
          serialize: (value) => tellTime(value instanceof Date ? value.toISOString() : String(value)),
          parseValue: (value) => read(parseValue ? parseValue(value) : value),
          ...(parseLiteral ? { parseLiteral: (...literal) => read(parseLiteral(...literal)) } : {}),
        };
      },
    },
  },
};
