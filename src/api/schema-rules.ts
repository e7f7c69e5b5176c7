import 'postgraphile';
import {
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'postgraphile/graphql';
import { exitCodes, StoaError } from '../errors.ts';

export interface SchemaFault {
  /** Type, Type.field or Type.field(argument). */
  readonly at: string;
  readonly fault: string;
}

const wordsOf = (name: string): readonly string[] => name.match(/[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g) ?? [];
const stem = (word: string): string => word.toLowerCase().replace(/s$/, '');
const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
const isOfTheEngine = ({ name }: GraphQLNamedType): boolean => name.startsWith('__');

/** What a client would call a list: plural words, and the few that mean many without saying so. */
const isMany = (name: string): boolean =>
  /(s|children|people|history|feed|tree|inbox)$/i.test(name.replace(/As[A-Z]\w*$/, ''));

const internals = /(storagePath|storageKey|passwordHash|tokenHash|codeHash|ciphertext|searchVector|rowId)$/i;

/**
 * Names that a client developer would not have written. They are in the schema for good once somebody uses them, so
 * the API does not start with one.
 */
export function findNameFaults(schema: GraphQLSchema): SchemaFault[] {
  const faults: SchemaFault[] = [];
  const mutations = schema.getMutationType()?.getFields() ?? {};
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (isOfTheEngine(type)) continue;
    const tell = (field: string, fault: string): void => {
      faults.push({ at: `${type.name}.${field}`, fault });
    };
    if (repeatsItself(type.name)) faults.push({ at: type.name, fault: 'says a word twice' });
    if (/[a-z]Results?$/.test(type.name)) {
      faults.push({
        at: type.name,
        fault: 'is called a result: tag the function with "@returns what_it_is"',
      });
    }
    if (isObjectType(type) && lowerFirst(type.name) in mutations) {
      faults.push({
        at: type.name,
        fault: 'is called like a mutation: tag the function with "@returns what_it_is"',
      });
    }
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    const isRoot = [...roots].some((root) => root === type);
    for (const field of Object.values(type.getFields())) {
      const { name } = field;
      if (repeatsItself(name)) tell(name, 'says a word twice');
      if (internals.test(name)) tell(name, 'is of the inside: tag the column "@behavior -*"');
      if (/By[A-Z]\w*And[A-Z]/.test(name)) tell(name, 'spells out its columns: tag the constraint');
      const has = (argument: string): boolean => field.args.some((each) => each.name === argument);
      if (has('last') && !has('orderBy')) {
        tell(
          name,
          'has no order that identifies a row, so its pages would shift: tag the table "@primaryKey"',
        );
      }
      if (isRoot) continue;
      if (/[a-z]By(?!Id$)[A-Z]/.test(name)) tell(name, 'names a column: tag the constraint');
      if (type.name.endsWith('Payload')) {
        if (name === 'result') tell(name, 'says nothing: tag the function "@resultFieldName what_it_is"');
        continue;
      }
      const target = getNamedType(field.type);
      const own = lowerFirst(type.name);
      if (isObjectType(target) && name.startsWith(own) && /^[A-Z]/.test(name.slice(own.length))) {
        tell(name, 'repeats the name of its type');
      }
      const isList = target.name.endsWith('Connection') || isListType(withoutNull(field.type));
      const named = schema.getType(`${name.charAt(0).toUpperCase()}${name.slice(1)}`);
      // A person is called by a part (friend), and a message of a channel is a message.
      const isFitting = target.name === 'User' || (named !== undefined && target.name.endsWith(named.name));
      if (isObjectType(target) && isObjectType(named) && !isFitting && !isList) {
        tell(name, 'has the name of another type');
      }
      if (target.name.endsWith('Connection') && !isMany(name)) tell(name, 'is a list with a singular name');
      if (!isList && isObjectType(target) && isMany(name) && !isMany(target.name) && !/ss$/.test(name)) {
        tell(name, 'is one thing with a plural name');
      }
    }
  }
  return faults;
}

function withoutNull(type: unknown): unknown {
  return isNonNullType(type) ? type.ofType : type;
}

function repeatsItself(name: string): boolean {
  const words = wordsOf(name).map(stem);
  return words.some((word, place) => word === words[place + 1]);
}

/** What stands in the schema without a word about it. */
export function findUndescribed(schema: GraphQLSchema): string[] {
  const bare: string[] = [];
  const look = (at: string, thing: { readonly description?: string | null | undefined }): void => {
    if (!thing.description?.trim()) bare.push(at);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (isOfTheEngine(type)) continue;
    look(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value);
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) look(`${type.name}.${field.name}`, field);
    }
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      look(`${type.name}.${field.name}`, field);
      for (const argument of field.args) look(`${type.name}.${field.name}(${argument.name})`, argument);
    }
  }
  return bare;
}

/** Refuses to start over a name that would have to be unlearnt. */
export const SchemaRulesPlugin: GraphileConfig.Plugin = {
  name: 'StoaSchemaRulesPlugin',
  version: '1.0.0',
  description: 'Names as if written by hand, or no start.',
  schema: {
    hooks: {
      finalize(schema) {
        const faults = findNameFaults(schema);
        if (faults.length === 0) return schema;
        throw new StoaError(
          'api.names',
          `Names of the API are not settled:\n${faults.map(({ at, fault }) => `- ${at} ${fault}`).join('\n')}`,
          {
            cure: 'Name each by a tag in a comment: docs/api.md lists the tags.',
            exitCode: exitCodes.configuration,
          },
        );
      },
    },
  },
};
