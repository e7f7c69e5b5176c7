import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { projectRoot } from '../../../src/migrate/root.ts';

/** The project with its migrations, to which a test adds files of its own. */
export interface Checkout {
  readonly root: string;
  write(path: string, text: string): void;
}

/** With the program as well when it is to be run from there. */
export function checkout({ withProgram = false }: { readonly withProgram?: boolean } = {}): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'stoa-project-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const copied = withProgram ? ['migrations', 'sql', 'src', 'bin', 'package.json'] : ['migrations', 'sql'];
  for (const entry of copied) cpSync(join(projectRoot, entry), join(root, entry), { recursive: true });
  if (withProgram) symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  return {
    root,
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
  };
}
