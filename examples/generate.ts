/**
 * Writes examples/client/operations.ts: types and typed documents of the operations in docs/api.md, from the committed
 * schema. Also checks every operation of the page in examples/web against it.
 *
 *   node examples/generate.ts            writes
 *   node examples/generate.ts --check    compares, for `npm run check`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codegen } from '@graphql-codegen/core';
import * as typedDocuments from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { buildASTSchema, type DocumentNode, parse, validate } from 'graphql';
import { documentsOf } from './documents.ts';

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const target = fileOf('client/operations.ts');

const schema = parse(readFileSync(fileOf('../docs/schema.graphql'), 'utf8'), { noLocation: true });
const documents = documentsOf(readFileSync(fileOf('../docs/api.md'), 'utf8'));
const built = buildASTSchema(schema);

function checked(origin: string, text: string): DocumentNode {
  const document = parse(text);
  const errors = validate(built, document);
  if (errors.length > 0)
    throw new Error([`${origin} does not fit docs/schema.graphql:`, ...errors].join('\n'));
  return document;
}

// The page is JavaScript as a browser takes it: no types, so its shape is looked at here.
const page: Record<string, unknown> = await import(fileOf('web/operations.js'));
for (const [name, text] of Object.entries(page)) checked(`"${name}" of examples/web`, String(text));

const code = await codegen({
  filename: target,
  schema,
  documents: documents.map(({ name, text }) => ({
    location: name,
    document: checked(`"${name}" of docs/api.md`, text),
  })),
  config: {
    // A document is its text: a client needs no GraphQL library to send it.
    documentMode: 'string',
    immutableTypes: true,
    useTypeImports: true,
    enumsAsTypes: true,
    skipTypename: true,
    defaultScalarType: 'unknown',
    scalars: { BigInt: 'string', Cursor: 'string', Date: 'string', Datetime: 'string', UUID: 'string' },
  },
  plugins: [{ operations: {} }, { typedDocuments: {} }],
  pluginMap: { operations, typedDocuments },
});
const content = `// Written by "npm run examples:generate" from docs/api.md and docs/schema.graphql. Do not edit.\n\n${code}`;

if (!process.argv.includes('--check')) {
  writeFileSync(target, content);
  console.error(`examples/client/operations.ts: ${documents.length} operations`);
} else if (readFileSync(target, 'utf8') !== content) {
  console.error(
    'examples/client/operations.ts is not current. Run "npm run examples:generate" and commit it.',
  );
  process.exitCode = 1;
} else console.error('examples/client/operations.ts is current.');
