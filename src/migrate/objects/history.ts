import { modules as registry } from '../../modules.ts';
import type { Migration } from '../load.ts';
import { type ObjectSource, parseObject, tidy } from './source.ts';

/** A migration carries the text of an object between such lines; the last one that does so tells its present text. */
export const sectionHead = (path: string): string => `-- Object: ${path}`;
export const removalHead = (path: string): string => `-- Object removed: ${path}`;
export const sectionsEnd = '-- End of objects';

const head = /^-- Object: (\S+)\s*$/;
const removal = /^-- Object removed: (\S+)\s*$/;
const end = /^-- End of objects\s*$/;

/** The objects as the migrations leave them, by path. */
export async function readHistory(
  migrations: readonly Migration[],
): Promise<ReadonlyMap<string, ObjectSource>> {
  const texts = new Map<string, string>();
  for (const migration of migrations) {
    for (const { path, text } of sectionsOf(migration.up.text)) {
      if (text === undefined) texts.delete(path);
      else texts.set(path, tidy(text));
    }
  }
  const objects = new Map<string, ObjectSource>();
  for (const [path, text] of texts) objects.set(path, await parseObject(path, text, schemaOf(path)));
  return objects;
}

function schemaOf(path: string): string {
  const name = path.slice(0, path.indexOf('/'));
  return registry.find((module) => module.name === name)?.schema ?? name;
}

interface Section {
  readonly path: string;
  /** Undefined: removed. */
  readonly text: string | undefined;
}

export function sectionsOf(text: string): readonly Section[] {
  const sections: Section[] = [];
  let open: { path: string; lines: string[] } | undefined;
  const close = (): void => {
    if (open) sections.push({ path: open.path, text: open.lines.join('\n') });
    open = undefined;
  };
  for (const line of text.split('\n')) {
    const begun = head.exec(line)?.[1];
    const removed = removal.exec(line)?.[1];
    if (begun !== undefined) {
      close();
      open = { path: begun, lines: [] };
    } else if (removed !== undefined) {
      close();
      sections.push({ path: removed, text: undefined });
    } else if (end.test(line)) {
      close();
    } else {
      open?.lines.push(line);
    }
  }
  close();
  return sections;
}
