import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exitCodes, StoaError } from '../../errors.ts';
import { connect, databaseOf, redactUrl, withDatabase } from '../../postgres/connect.ts';
import { artifactName, type LogicalBackup, newBackupId, writeEntry } from '../catalog.ts';
import type { Vault } from '../vault.ts';
import { notWhole } from './contents.ts';
import { readServerFacts, type ServerFacts } from './session.ts';

/** The key of the artifact that `pg_restore` reads. */
export const customArtifact = 'pg_dump.custom';

/** libpq reads these; a password on the command line could be seen by everybody on the machine. */
function libpqEnvironment(url: string): NodeJS.ProcessEnv {
  const parsed = new URL(url);
  const values = {
    PGHOST: parsed.searchParams.get('host') ?? parsed.hostname,
    PGPORT: parsed.port,
    PGUSER: decodeURIComponent(parsed.username),
    PGPASSWORD: decodeURIComponent(parsed.password),
    PGDATABASE: databaseOf(url),
    PGSSLMODE: parsed.searchParams.get('sslmode') ?? '',
    PGCONNECT_TIMEOUT: '10',
  };
  const given = Object.entries(values).filter(([, value]) => value !== '');
  return { PATH: process.env['PATH'], LC_ALL: 'C', ...Object.fromEntries(given) };
}

interface Running {
  readonly stdout: Readable;
  readonly stdin: NodeJS.WritableStream;
  /** Refuses with what the program said on its way out. */
  readonly ended: Promise<void>;
  kill(): void;
}

function run(program: string, args: readonly string[], url: string): Running {
  const child = spawn(program, args, { env: libpqEnvironment(url), stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < 4_000) said += text;
  });
  // Whoever writes to a program that has ended learns why from `ended`.
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? missingProgram(program) : error),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(failedProgram(program, code ?? signal ?? 'nothing', said));
    });
  });
  ended.catch(() => {});
  return { stdout: child.stdout, stdin: child.stdin, ended, kill: () => void child.kill('SIGTERM') };
}

function missingProgram(program: string): StoaError {
  return new StoaError('backup.no_program', `${program} is not installed.`, {
    cure: 'Install the client programs of PostgreSQL, or leave --format away: Stoa’s own format needs none.',
    exitCode: exitCodes.configuration,
  });
}

function failedProgram(program: string, how: string | number, said: string): StoaError {
  const reason = said.trim().split('\n').slice(-3).join(' ');
  return new StoaError('backup.program_failed', `${program} ended with ${how}: ${reason}`, {
    cure: `Mend what ${program} says, or leave --format away: Stoa’s own format needs no program.`,
    exitCode: exitCodes.database,
  });
}

async function majorOf(program: string): Promise<number> {
  const { stdout, ended } = run(program, ['--version'], 'postgres://localhost/postgres');
  let text = '';
  for await (const chunk of stdout.setEncoding('utf8')) text += chunk;
  await ended;
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(text)?.[1]);
  if (!Number.isInteger(major)) throw failedProgram(program, 'an unknown version', text);
  return major;
}

async function requireNewEnough(program: string, serverMajor: number): Promise<void> {
  const major = await majorOf(program);
  if (major >= serverMajor) return;
  throw new StoaError(
    'backup.program_too_old',
    `${program} is of PostgreSQL ${major}, the server of ${serverMajor}: an older program cannot read a newer server.`,
    {
      cure: `Install the client programs of PostgreSQL ${serverMajor}, or leave --format away: Stoa’s own format needs none.`,
      exitCode: exitCodes.configuration,
    },
  );
}

async function factsOf(url: string): Promise<ServerFacts> {
  const client = await connect(url, 'backup');
  try {
    return await readServerFacts(client);
  } finally {
    await client.end();
  }
}

export interface CustomDumpOptions {
  readonly url: string;
  readonly vault: Vault;
  readonly onProgress?: (bytes: number) => void;
  /** Default: the one that the shell would find. */
  readonly program?: string;
}

/**
 * The whole database in the custom format of `pg_dump`, where that program is installed and not older than the server.
 * Refuses backup.no_program, backup.program_too_old, backup.program_failed.
 */
export async function createCustomDump(options: CustomDumpOptions): Promise<LogicalBackup> {
  const { url, vault, onProgress, program = 'pg_dump' } = options;
  const startedAt = new Date();
  const facts = await factsOf(url);
  await requireNewEnough(program, Math.floor(facts.serverVersion / 10_000));
  const id = newBackupId('logical', startedAt, randomBytes(3));
  // Compressed by the vault, and better.
  const dump = run(program, ['--format=custom', '--compress=0', '--no-password'], url);
  // Its output ends like a whole one when it breaks: the vault is given the end only when the program ended well.
  const checked = new PassThrough();
  const passed = (async () => {
    try {
      for await (const chunk of dump.stdout) {
        if (!checked.write(chunk)) await new Promise((resolve) => checked.once('drain', resolve));
      }
      await dump.ended;
      checked.end();
    } catch (error) {
      checked.destroy(error as Error);
    }
  })();
  try {
    const artifact = await vault.write(artifactName(id, customArtifact), checked, {
      ...(onProgress ? { onProgress } : {}),
    });
    await passed;
    const entry: LogicalBackup = {
      format: 1,
      id,
      kind: 'logical',
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      serverVersion: facts.serverVersion,
      systemIdentifier: facts.systemIdentifier,
      recipients: [...vault.recipients],
      artifacts: { [customArtifact]: artifact },
      tiers: ['A', 'B', 'C', 'D'],
      lsn: facts.lsn,
    };
    await writeEntry(vault.storage, entry);
    return entry;
  } finally {
    dump.kill();
    checked.destroy();
  }
}

export interface CustomRestoreOptions {
  /** The database to be, which must not exist. */
  readonly targetUrl: string;
  readonly vault: Vault;
  readonly backup: LogicalBackup;
  readonly beforeOpening?: readonly ((url: string) => Promise<void>)[];
  /** Default: the one that the shell would find. */
  readonly program?: string;
}

/** The reverse, with `pg_restore`. The database appears when all of it is there. */
export async function restoreCustomDump(
  options: CustomRestoreOptions,
): Promise<{ readonly database: string }> {
  const { targetUrl, vault, backup, program = 'pg_restore' } = options;
  const artifact = backup.artifacts[customArtifact];
  if (artifact === undefined) throw notWhole(backup.id, 'what pg_dump wrote');
  await requireNewEnough(program, Math.floor(backup.serverVersion / 10_000));
  const database = databaseOf(targetUrl);
  const workName = `${database.slice(0, 40)}_restoring_${randomBytes(4).toString('hex')}`;
  const workUrl = withDatabase(targetUrl, workName);
  const admin = await connect(withDatabase(targetUrl, 'postgres'), 'restore');
  const quoted = (name: string): string => admin.escapeIdentifier(name);
  try {
    const { rowCount } = await admin.query('select from pg_catalog.pg_database where datname = $1', [
      database,
    ]);
    if (rowCount) {
      throw new StoaError('restore.not_empty', `The database ${redactUrl(targetUrl)} exists.`, {
        cure: 'Restore into a name that is free.',
        exitCode: exitCodes.refused,
      });
    }
    try {
      await admin.query(`create database ${quoted(workName)} encoding 'UTF8' template template0`);
      const restore = run(program, ['--no-password', '--exit-on-error', `--dbname=${workName}`], workUrl);
      const [fed, ended] = await Promise.allSettled([
        pipeline(await vault.read(artifact), restore.stdin),
        restore.ended,
      ]);
      // A damaged backup breaks the pipe, and the program then says less about it than the vault does.
      if (fed.status === 'rejected' && fed.reason instanceof StoaError) throw fed.reason;
      if (ended.status === 'rejected') throw ended.reason;
      if (fed.status === 'rejected') throw fed.reason;
      for (const work of options.beforeOpening ?? []) await work(workUrl);
      await admin.query(`alter database ${quoted(workName)} rename to ${quoted(database)}`);
      return { database };
    } catch (error) {
      await admin.query(`drop database if exists ${quoted(workName)} with (force)`);
      throw error;
    }
  } finally {
    await admin.end();
  }
}
