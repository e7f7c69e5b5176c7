import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../src/postgres/port.ts';
import { type LoginRole, loginRoles } from '../../src/postgres/roles.ts';

const program = fileURLToPath(new URL('../../bin/stoa', import.meta.url));

export interface FleetOptions {
  /** As superuser. */
  readonly databaseUrl: string;
  readonly urlFor: (role: LoginRole) => string;
  readonly drainDelayMs: number;
  /** More settings, such as STOA_RATE_ADDRESS. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process of `stoa serve`, on the same port each time it is started. */
export class ApiProcess {
  readonly name: string;
  readonly origin: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(name: string, port: number, { databaseUrl, urlFor, drainDelayMs, environment }: FleetOptions) {
    this.name = name;
    this.origin = `http://127.0.0.1:${port}`;
    this.#folder = mkdtempSync(join(tmpdir(), 'stoa-load-'));
    const kept = Object.entries(process.env).filter(
      ([variable]) =>
        !/^(STOA_|PG|VITEST|NODE_ENV$|NODE_OPTIONS$|PORT$|DATABASE_URL$|GRAPHILE)/.test(variable),
    );
    this.#environment = {
      ...Object.fromEntries(kept),
      DATABASE_URL: databaseUrl,
      ...Object.fromEntries(
        loginRoles
          .filter((role) => role !== 'stoa_migrator' && role !== 'stoa_backup')
          .map((role) => [`${role.toUpperCase()}_URL`, urlFor(role)]),
      ),
      STOA_ENVIRONMENT: 'test',
      STOA_SECRET_KEY: Buffer.alloc(32, 7).toString('hex'),
      STOA_PUBLIC_URL: 'http://localhost:5678',
      STOA_DATA_DIR: join(this.#folder, 'data'),
      STOA_PORT: String(port),
      STOA_TRUST_PROXY: '1',
      STOA_DRAIN_DELAY_MS: String(drainDelayMs),
      STOA_LOG_LEVEL: 'warn',
      ...environment,
    };
  }

  /** While it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it can serve. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, 'serve'], {
      cwd: this.#folder,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${this.name} did not start:\n${this.#output}`);
      const answer = await fetch(`${this.origin}/readyz`).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.status === 200) return;
      await sleep(50);
    }
  }

  /** As an operator stops it; the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return null;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    return child.exitCode;
  }

  /** Lines of its log that tell of a defect. */
  get errors(): string[] {
    return this.#output.split('\n').filter((line) => /"level":[56]0/.test(line));
  }

  /** One of its figures, all values of its labels added up. */
  async figure(name: string, label = ''): Promise<number> {
    const text = await (await fetch(`${this.origin}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(name) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** Whatever state it is in. */
  async remove(): Promise<void> {
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** So many processes on one database, not started yet. */
export async function makeFleet(count: number, options: FleetOptions): Promise<ApiProcess[]> {
  const made: ApiProcess[] = [];
  for (let index = 0; index < count; index += 1) {
    made.push(new ApiProcess(String.fromCharCode(65 + index), await findFreePort(), options));
  }
  return made;
}
