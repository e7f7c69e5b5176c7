import { access, constants, stat } from 'node:fs/promises';
import { exitCodes, StoaError } from '../errors.ts';

/** Looks at every file before the first is loaded, so that a wrong name does not show up in the middle of a run. */
export async function requireReadableFiles(files: readonly string[]): Promise<void> {
  for (const file of files) {
    try {
      await access(file, constants.R_OK);
      if ((await stat(file)).isFile()) continue;
    } catch (error) {
      throw new StoaError('import.unreadable', `${file} cannot be read.`, {
        cure: 'Check the path and the permissions.',
        exitCode: exitCodes.input,
        cause: error,
      });
    }
    throw new StoaError('import.unreadable', `${file} is not a file.`, {
      cure: 'Name the files themselves, for example folder/*.csv.',
      exitCode: exitCodes.input,
    });
  }
}
