import 'postgraphile';
import type { PgCodec, PgCodecWithAttributes, PgResource } from 'postgraphile/@dataplan/pg';
import {
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isNonNullType,
  isObjectType,
} from 'postgraphile/graphql';
import { isProcedure, type Procedure } from './procedure.ts';

function hasColumns(codec: PgCodec | undefined): codec is PgCodec & PgCodecWithAttributes {
  return codec?.attributes !== undefined;
}

/** Arguments that mean the same wherever they stand. */
const shared: Readonly<Record<string, string>> = {
  before_id: 'Only rows before this one: the last of the page that is shown.',
  after_id: 'Only rows after this one.',
  before: 'Only rows before this one: the last of the page that is shown.',
  after: 'Only rows after this one: the last of the page that is shown.',
  first: 'How many rows at most.',
  limit: 'How many rows at most.',
  patch: 'What to change: an object of fields, in snake_case, and their new values. What is not named stays.',
  query: 'What to search for: words, "a phrase", or -word to leave some out.',
  reason: 'Why, in words for people.',
  since: 'Only what is as new as this.',
  until: 'Only what is as old as this.',
};

const idempotencyKey =
  'Makes a repeat harmless: the same key with the same input gives the first answer again, with another input it is refused.';

/**
 * Describes what PostGraphile leaves without words: arguments of functions and look-ups, and the columns that
 * functions return. An argument that is a column is described by that column's comment; one that is nobody's column
 * has a line `@argument name What it is.` in the function's comment (`@column` for what it returns).
 */
export const InputDescriptionsPlugin: GraphileConfig.Plugin = {
  name: 'StoaInputDescriptionsPlugin',
  version: '1.0.0',
  description: 'Descriptions of arguments, from the columns that they stand for.',
  schema: {
    hooks: {
      finalize(schema, build) {
        for (const resource of Object.values(build.input.pgRegistry.pgResources)) {
          if (isProcedure(resource)) describeFunction(schema, build, resource);
          else describeLookups(schema, build, resource);
        }
        describeEverywhere(schema);
        return schema;
      },
    },
  },
};

interface Described {
  description?: string | null | undefined;
}

function describe(thing: Described | undefined, text: string | null | undefined): void {
  if (thing && !thing.description && text) thing.description = text;
}

function describeFunction(schema: GraphQLSchema, build: GraphileBuild.Build, resource: Procedure): void {
  const { inflection } = build;
  const ofRow = resource.isMutation ? undefined : resource.parameters?.[0]?.codec;
  const parameters = (resource.parameters ?? []).slice(ofRow?.attributes ? 1 : 0);
  const fields = fieldsOf(schema, build, resource);
  parameters.forEach((parameter, index) => {
    const sqlName = (parameter.name ?? '').replace(/^p_/, '');
    const text =
      taggedText(resource, 'argument', sqlName) ??
      (sqlName === 'key' && parameter.codec.name === 'text' && parameter.optional ? idempotencyKey : null) ??
      ownColumnText(resource, sqlName) ??
      shared[sqlName] ??
      columnText(build, resource, sqlName) ??
      identifierText(build, sqlName);
    const name = inflection.argument({ param: parameter, resource, index });
    for (const field of fields) {
      describe(
        field.args.find((argument) => argument.name === name),
        text,
      );
      const input = field.args.find((argument) => argument.name === 'input')?.type;
      const inputType = isNonNullType(input) ? input.ofType : input;
      if (resource.isMutation && isInputObjectType(inputType)) describe(inputType.getFields()[name], text);
    }
  });

  const payload = resource.isMutation && schema.getType(inflection.customMutationPayload({ resource }));
  if (isObjectType(payload)) {
    const field =
      payload.getFields()[
        inflection.functionMutationResultFieldName({ resource, returnGraphQLTypeName: '' })
      ];
    describe(field, taggedText(resource, 'result', '') ?? resultText(build, resource));
  }
  describeRecord(schema, build, resource);
}

/** The row that a function makes up: no table has it, so its columns have no comments. */
function describeRecord(schema: GraphQLSchema, build: GraphileBuild.Build, resource: Procedure): void {
  const codec: PgCodec = resource.codec;
  if (!codec.isAnonymous || !hasColumns(codec)) return;
  const type = schema.getType(build.inflection.tableType(codec));
  if (!isObjectType(type)) return;
  describe(
    type,
    `A row of what \`${build.inflection.camelCase(build.inflection._functionName({ resource }))}\` gives.`,
  );
  for (const attributeName of Object.keys(codec.attributes)) {
    const text =
      taggedText(resource, 'column', attributeName) ??
      columnText(build, resource, attributeName) ??
      identifierText(build, attributeName);
    describe(type.getFields()[build.inflection.attribute({ codec, attributeName })], text);
  }
}

function describeLookups(schema: GraphQLSchema, build: GraphileBuild.Build, resource: PgResource): void {
  const queries = schema.getQueryType()?.getFields() ?? {};
  const { codec } = resource;
  if (!hasColumns(codec)) return;
  for (const unique of resource.uniques) {
    const field = queries[build.inflection.rowByUnique({ unique, resource })];
    for (const attributeName of unique.attributes) {
      const name = build.inflection.attribute({ codec, attributeName });
      describe(
        field?.args.find((argument) => argument.name === name),
        codec.attributes[attributeName]?.description,
      );
    }
  }
}

/** What every type of its kind has. */
function describeEverywhere(schema: GraphQLSchema): void {
  const clientMutationId = 'Any text: it comes back with the answer, to tell which request it belongs to.';
  for (const type of Object.values(schema.getTypeMap())) {
    if (isEnumType(type)) {
      describe(
        type.getValue('PRIMARY_KEY_ASC') ?? undefined,
        'By the primary key; where that is an identifier, oldest first.',
      );
      describe(
        type.getValue('PRIMARY_KEY_DESC') ?? undefined,
        'By the primary key backwards; where that is an identifier, newest first.',
      );
    }
    if (isInputObjectType(type)) {
      describe(type.getFields()['clientMutationId'], clientMutationId);
      const mutation = `${type.name.charAt(0).toLowerCase()}${type.name.slice(1, -'Input'.length)}`;
      if (schema.getMutationType()?.getFields()[mutation]) describe(type, `What \`${mutation}\` is told.`);
    }
    if (!isObjectType(type)) continue;
    const fields = type.getFields();
    describe(fields['clientMutationId'], clientMutationId);
    if (type.name.endsWith('Payload')) {
      describe(
        type,
        `What \`${type.name.charAt(0).toLowerCase()}${type.name.slice(1, -'Payload'.length)}\` answers.`,
      );
      describe(fields['query'], 'Everything else there is to read.');
    }
    const counted = /^(\w+?)(?:\w*)Aggregates$/.exec(type.name)?.[1];
    if (counted !== undefined) {
      describe(type, 'Figures over all rows of a connection, or of one of its groups.');
      describe(fields['keys'], 'The values that the rows of the group have in common.');
    }
  }
}

function fieldsOf(schema: GraphQLSchema, build: GraphileBuild.Build, resource: Procedure) {
  const { inflection } = build;
  const details = { resource };
  if (resource.isMutation) {
    return [schema.getMutationType()?.getFields()[inflection.customMutationField(details)]].filter(
      (field) => field !== undefined,
    );
  }
  const row: PgCodec | undefined = resource.parameters[0]?.codec;
  const isOfRow = hasColumns(row);
  const owner = isOfRow ? schema.getType(inflection.tableType(row)) : schema.getQueryType();
  if (!isObjectType(owner)) return [];
  const names = isOfRow
    ? [
        inflection.computedAttributeField(details),
        inflection.computedAttributeConnectionField(details),
        inflection.computedAttributeListField(details),
      ]
    : [
        inflection.customQueryField(details),
        inflection.customQueryConnectionField(details),
        inflection.customQueryListField(details),
      ];
  const fields = owner.getFields();
  return [...new Set(names)].flatMap((name) => fields[name] ?? []);
}

/** `@argument name Text`, once or often. Without a name (`@result Text`) the whole line. */
function taggedText(resource: PgResource, tag: string, name: string): string | undefined {
  const lines: unknown = resource.extensions?.tags?.[tag];
  for (const line of Array.isArray(lines) ? lines : [lines]) {
    if (typeof line !== 'string') continue;
    if (name === '') return line;
    if (line.startsWith(`${name} `)) return line.slice(name.length + 1);
  }
  return undefined;
}

/** A procedure that returns a row takes its columns. */
function ownColumnText({ codec }: PgResource, name: string): string | undefined {
  return codec.isAnonymous ? undefined : codec.attributes?.[name]?.description;
}

/** A column of the same schema: first of a table that the function's name speaks of. */
function columnText(build: GraphileBuild.Build, resource: PgResource, name: string): string | undefined {
  const { schemaName, name: functionName } = resource.extensions?.pg ?? {};
  const tables = Object.values(build.input.pgRegistry.pgCodecs).filter(
    (codec: PgCodec) =>
      codec.extensions?.pg?.schemaName === schemaName && codec.attributes?.[name]?.description,
  );
  const mentioned = (codec: PgCodec): number => {
    const tag = codec.extensions?.tags?.['name'];
    return typeof tag === 'string' && (functionName ?? '').includes(tag) ? tag.length : 0;
  };
  const [best] = tables.sort((one, other) => mentioned(other) - mentioned(one));
  return best?.attributes?.[name]?.description;
}

/** `forum_id` is the identifier of a Forum, whichever schema that lives in. */
function identifierText(build: GraphileBuild.Build, name: string): string | undefined {
  const [, base, isMany] = /^(.+)_id(s?)$/.exec(name) ?? [];
  if (base === undefined) return undefined;
  const codec = Object.values(build.input.pgRegistry.pgCodecs).find((each: PgCodec) => {
    const tag = each.extensions?.tags?.['name'];
    return typeof tag === 'string' && (base === tag || base.endsWith(`_${tag}`));
  });
  if (!hasColumns(codec)) return undefined;
  const type = build.inflection.tableType(codec);
  return isMany ? `Identifiers of rows of type ${type}.` : `Identifier of the ${type}.`;
}

function resultText(build: GraphileBuild.Build, resource: Procedure): string | undefined {
  const codec: PgCodec = resource.codec;
  if (hasColumns(codec)) {
    return codec.isAnonymous ? 'What came of it.' : `The ${build.inflection.tableType(codec)} as it is now.`;
  }
  switch (resource.codec.name) {
    case 'bool':
      return 'Whether there was anything to change.';
    case 'int2':
    case 'int4':
    case 'int8':
      return 'How many rows it was.';
    case 'uuid':
      return 'The identifier of the row.';
    default:
      return undefined;
  }
}
