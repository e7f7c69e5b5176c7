import { Closers } from '../../src/api/closers.ts';

const opened = new Closers();

/**
 * Closes what was opened for a file, after its own `afterAll`, the last opened first. From a `beforeAll` or a test, too: there
 * vitest takes an `afterAll` and never runs it.
 */
export function afterFile(close: () => unknown): void {
  opened.add(close);
}

/** In test/harness/each-file.ts. */
export const closeFile = (): Promise<void> => opened.close();
