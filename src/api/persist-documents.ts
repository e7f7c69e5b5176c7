import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildSchema,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  Source,
  specifiedRules,
  validate,
  visit,
} from 'postgraphile/graphql';
import { z } from 'zod';
import { exitCodes, StoaError } from '../errors.ts';
import { makeLimitsRule } from './limits.ts';
import { hashForm } from './persisted.ts';
import type { QueryLimits } from './query-limits.ts';

/** One operation as it is kept. */
export interface PersistedDocument {
  readonly hash: string;
  /** Names of its operations. */
  readonly operation: string;
  /** Where it was found. */
  readonly file: string;
  readonly text: string;
}

export interface PersistOptions {
  /** Files and folders. */
  readonly paths: readonly string[];
  /** The schema that they have to fit, as text. */
  readonly sdl: string;
  /** What the server will refuse is refused now. */
  readonly limits: QueryLimits;
}

const documentFile = /\.(graphql|gql)$/;
const mapFile = /\.json$/;

/**
 * Collects operations: each operation of the GraphQL files together with the fragments that it needs, wherever they stand,
 * under the SHA-256 of its text; and those of JSON files that map a hash to a text, as Relay and code generators write them,
 * under that hash. Throws where one does not fit the schema or the limits.
 */
export function collectDocuments({ paths, sdl, limits }: PersistOptions): readonly PersistedDocument[] {
  const files = paths.flatMap(filesAt);
  const parsed = files
    .filter((file) => documentFile.test(file))
    .map((file) => ({ file, document: parseFile(file) }));
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const { file, document } of parsed) {
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      const name = definition.name.value;
      if (fragments.has(name)) throw unfit(file, `There are several fragments named ${name}.`);
      fragments.set(name, definition);
    }
  }
  const documents: PersistedDocument[] = [];
  for (const { file, document } of parsed) {
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      const text = print({
        kind: Kind.DOCUMENT,
        definitions: [definition, ...fragmentsOf(definition, fragments)],
      });
      const hash = createHash('sha256').update(text).digest('hex');
      documents.push({ hash, operation: definition.name?.value ?? '(unnamed)', file, text });
    }
  }
  for (const file of files.filter((path) => mapFile.test(path))) documents.push(...documentsOfMap(file));
  if (documents.length === 0) throw unfit(paths.join(', '), 'There are no operations here.');

  const schema = buildSchema(sdl);
  for (const { file, text, operation } of documents) {
    const errors = faultsOf(text, () => {
      if (text.length > limits.maxQueryLength) {
        return [
          new GraphQLError(`It is ${text.length} characters long; ${limits.maxQueryLength} are allowed.`),
        ];
      }
      return validate(schema, parse(text), [makeLimitsRule(limits), ...specifiedRules]);
    });
    if (errors[0]) throw unfit(file, `${operation}: ${errors[0].message}`);
  }
  return documents;
}

/** Writes those that are not there. What is there is never removed: clients that are in use may ask for it. */
export function storeDocuments(
  directory: string,
  documents: readonly PersistedDocument[],
): ReadonlySet<string> {
  mkdirSync(directory, { recursive: true });
  const written = new Set<string>();
  for (const { hash, text } of documents) {
    const path = join(directory, `${hash}.graphql`);
    if (existsSync(path)) continue;
    writeFileSync(path, text);
    written.add(hash);
  }
  return written;
}

function faultsOf(text: string, check: () => readonly GraphQLError[]): readonly GraphQLError[] {
  try {
    return check();
  } catch (error) {
    // The rule of the limits throws, and so does the parser.
    if (error instanceof GraphQLError) return [error];
    throw new Error(`not a document: ${text.slice(0, 80)}`, { cause: error });
  }
}

function filesAt(path: string): string[] {
  if (!existsSync(path)) throw unfit(path, 'There is no such file.');
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => documentFile.test(name))
    .sort()
    .map((name) => join(path, name));
}

function parseFile(file: string): DocumentNode {
  try {
    return parse(new Source(readFileSync(file, 'utf8'), file));
  } catch (error) {
    throw unfit(file, error instanceof Error ? error.message : String(error));
  }
}

function fragmentsOf(
  operation: OperationDefinitionNode,
  known: ReadonlyMap<string, FragmentDefinitionNode>,
): FragmentDefinitionNode[] {
  const found = new Map<string, FragmentDefinitionNode>();
  const look = (node: OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(node, {
      FragmentSpread({ name: { value } }) {
        const fragment = known.get(value);
        if (!fragment || found.has(value)) return;
        found.set(value, fragment);
        look(fragment);
      },
    });
  };
  look(operation);
  return [...found.values()].sort((a, b) => (a.name.value < b.name.value ? -1 : 1));
}

function documentsOfMap(file: string): PersistedDocument[] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw unfit(file, 'It is not JSON.');
  }
  const map = z.record(z.string().regex(hashForm), z.string()).safeParse(content);
  if (!map.success) throw unfit(file, 'It does not map hashes to the texts of operations.');
  return Object.entries(map.data).map(([hash, text]) => ({
    hash,
    operation: /(?:query|mutation|subscription)\s+(\w+)/.exec(text)?.[1] ?? '(unnamed)',
    file,
    text,
  }));
}

function unfit(file: string, message: string): StoaError {
  return new StoaError('api.unfit_operation', `${file}: ${message}`, {
    cure: 'Correct the operation, or the schema that it is compared with (--schema).',
    exitCode: exitCodes.input,
  });
}
