import { createRequire } from 'node:module';
import type { Queryable } from '../catalog/queryable.ts';

const packageJson: unknown = createRequire(import.meta.url)('../../package.json');

/** The version of this Stoa. */
export const programVersion: string =
  typeof packageJson === 'object' && packageJson !== null && 'version' in packageJson
    ? String(packageJson.version)
    : '0.0.0';

const everyMs = 60_000;

/**
 * Tells the database now and every minute which version is connected, until what it returns is called. That the
 * database does not take it is no reason to stop serving.
 */
export async function tellVersion(
  client: Queryable,
  application: 'api' | 'worker',
  onFailure: (error: unknown) => void,
): Promise<() => void> {
  const tell = async (): Promise<void> => {
    try {
      await client.query('select ops.note_client($1, $2)', [application, programVersion]);
    } catch (error) {
      onFailure(error);
    }
  };
  await tell();
  const timer = setInterval(() => void tell(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
