import { resolve } from 'node:path';

/** The folder of this project: it holds `migrations/` and `sql/`, from `src/` as well as from `dist/`. */
export const projectRoot = resolve(import.meta.dirname, '..', '..');
