// First: Grafast reads GRAPHILE_ENV while it is loaded.
import './production-mode.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, parse, TypeInfo, visit, visitWithTypeInfo } from 'postgraphile/graphql';

/** A type of the API, or one field of it. */
export interface ApiName {
  readonly type: string;
  readonly field: string | undefined;
}

/** Which of these names each operation of a folder uses, `<hash>.graphql` each, read against a schema; a line for each. */
export function operationsUsing(
  directory: string,
  sdl: string,
  names: readonly ApiName[],
): readonly string[] {
  const schema = buildSchema(sdl, { assumeValidSDL: true });
  const lines: string[] = [];
  for (const file of readdirSync(directory).sort()) {
    if (!file.endsWith('.graphql')) continue;
    const document = parse(readFileSync(join(directory, file), 'utf8'));
    const used = new Set<string>();
    let operation = '(unnamed)';
    const info = new TypeInfo(schema);
    visit(
      document,
      visitWithTypeInfo(info, {
        OperationDefinition({ name }) {
          operation = name?.value ?? operation;
        },
        Field({ name }) {
          const type = info.getParentType()?.name;
          for (const wanted of names) {
            if (type !== wanted.type) continue;
            if (wanted.field === undefined) used.add(wanted.type);
            else if (wanted.field === name.value) used.add(`${wanted.type}.${wanted.field}`);
          }
        },
      }),
    );
    for (const name of used)
      lines.push(`operation ${operation} (${file.slice(0, 12)}) uses ${name} of the API`);
  }
  return lines;
}
