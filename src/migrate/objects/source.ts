import { exitCodes, StoaError } from '../../errors.ts';
import { type Statement, splitStatements } from '../split.ts';
import { type Definition, definitionOf, type ObjectKind } from './definition.ts';
import { clearedBy, type Grantees, granteesOf } from './grants.ts';
import { boundMentions } from './mentions.ts';

/** The folders under `sql/<module>/`, in the order in which their objects can usually be made. */
export const folders = ['functions', 'views', 'triggers', 'policies'] as const;
export type Folder = (typeof folders)[number];

const kindIn: Record<Folder, ObjectKind> = {
  functions: 'function',
  views: 'view',
  triggers: 'trigger',
  policies: 'policy',
};

/** The text of one file of the working copy, today's or an earlier one, and what PostgreSQL's parser says of it. */
export interface ObjectSource {
  /** `forums/functions/vote_post.sql`: what the sections of migrations are headed with. */
  readonly path: string;
  readonly module: string;
  readonly folder: Folder;
  readonly text: string;
  readonly statements: readonly Statement[];
  readonly definitions: readonly Definition[];
  /** Qualified names that must exist before. */
  readonly mentions: ReadonlySet<string>;
  readonly grants: Grantees;
  /** Roles whose privileges the text takes away before it grants. */
  readonly clears: Grantees;
  /** `function core.fail(text, integer)`: objects that the text comments on. */
  readonly comments: ReadonlySet<string>;
}

const pathForm = /^([a-z][a-z0-9_]*)\/(functions|views|triggers|policies)\/([a-z0-9_.]+)\.sql$/;

/** Line ends and blank edges make no difference. */
export function tidy(text: string): string {
  return `${text.replaceAll('\r\n', '\n').trim()}\n`;
}

export async function parseObject(path: string, rawText: string, schema: string): Promise<ObjectSource> {
  const [, module, folderName, base] = pathForm.exec(path) ?? [];
  const folder = folders.find((known) => known === folderName);
  if (module === undefined || folder === undefined || base === undefined) {
    throw new StoaError('objects.path', `sql/${path} is not where an object file stands.`, {
      cure: `Put it at sql/<module>/<${folders.join('|')}>/<name>.sql, in lower case.`,
      exitCode: exitCodes.input,
    });
  }
  const text = tidy(rawText);
  const statements = await splitStatements(text, { path: `sql/${path}`, line: 1 });
  const definitions = statements.flatMap((statement) => definitionOf(statement) ?? []);
  checkContents(path, folder, base, schema, definitions);
  return {
    path,
    module,
    folder,
    text,
    statements,
    definitions,
    mentions: boundMentions(statements),
    grants: granteesOf(statements),
    clears: clearedBy(statements),
    comments: commentsOf(statements),
  };
}

/** A file is found by its name, so the name has to be that of what is in it. */
function checkContents(
  path: string,
  folder: Folder,
  base: string,
  schema: string,
  definitions: readonly Definition[],
): void {
  const refuse = (message: string, cure: string): never => {
    throw new StoaError('objects.contents', `sql/${path}: ${message}`, { cure, exitCode: exitCodes.input });
  };
  for (const { kind, identity, schema: defined, name, table } of definitions) {
    if (kind !== kindIn[folder]) {
      refuse(`it defines the ${kind} ${identity}.`, `Only ${folder} stand in this folder.`);
    }
    // A module may watch the tables of another one.
    if (defined !== schema && kind !== 'trigger')
      refuse(`${identity} is not in the schema ${schema}.`, 'Qualify the name, or move the file.');
    const tableName = table?.slice(table.indexOf('.') + 1);
    const expected = kind === 'policy' ? `${tableName}` : kind === 'trigger' ? `${tableName}.${name}` : name;
    if (base !== expected && !(kind === 'function' && base.startsWith(`${expected}.`))) {
      refuse(`it defines the ${kind} ${identity}.`, `Name the file ${expected}.sql.`);
    }
  }
  if (folder !== 'policies' && definitions.length !== 1) {
    refuse(
      `it defines ${definitions.length === 0 ? 'nothing' : `${definitions.length} things`}.`,
      'One object a file, so that a review shows which one changed.',
    );
  }
}

/** `comment on function core.fail(text, integer)` → what stands after "on", as it is written. */
function commentsOf(statements: readonly Statement[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { node, text } of statements) {
    if (!('CommentStmt' in node) || node.CommentStmt.comment === undefined) continue;
    const target = /^comment\s+on\s+([\s\S]*?)\s+is\s/i.exec(text)?.[1];
    if (target !== undefined) found.add(target.replaceAll(/\s+/g, ' '));
  }
  return found;
}
